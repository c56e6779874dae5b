using System.Globalization;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Tests.Sync;

namespace TierOperator.Tiering.Tests.Engine;

public sealed class AccessesTests
{
    private const string TwoRules = """
        tiers: {memory: {capacity: 4Mi, ttl: 1h}, spillover: {capacity: 64Mi, ttl: 7d}}
        rules: [{name: chats, match: {sessions: ["chat:*"]}}, {name: rest}]
        """;

    [Fact]
    public async Task Accesses_OfAFreshEngine_NameEachRuleAndItsTiersAtZero()
    {
        await using var harness = new EngineHarness(TwoRules);

        Assert.StartsWith("chats: 0 missed, memory 0 (0 bytes), spillover 0 (0 bytes)\nrest: 0 missed, memory 0 (0 bytes), spillover 0 (0 bytes)", Told(harness.Engine), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accesses_HitsInMemoryOnDiskAndMisses_AreCountedUnderTheirRule()
    {
        await using var harness = new EngineHarness(TwoRules);
        await harness.PutAsync("chat:1", "i", "12345");
        await harness.PutAsync("other", "i", "1");

        await harness.GetAsync("chat:1", "i");
        await harness.Engine.EvictAsync(EngineHarness.Key("chat:1"), CancellationToken.None);
        await harness.GetAsync("chat:1", "i");
        (await harness.Engine.ReadSessionAsync(EngineHarness.Key("other"), CancellationToken.None)).Session!.Release();
        await harness.GetAsync("chat:2", "i");
        await harness.GetAsync("nobody", "i");
        await harness.GetAsync("other", "no such");

        Assert.StartsWith("chats: 1 missed, memory 1 (5 bytes), spillover 1 (5 bytes)\nrest: 2 missed, memory 1 (1 bytes), spillover 0 (0 bytes)", Told(harness.Engine), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accesses_TimeBetweenReads_StandsInItsClass()
    {
        await using var harness = new EngineHarness(TwoRules);
        await harness.PutAsync("chat:1", "i", "1");
        foreach (var seconds in new[] { 0, 5, 59, 60, 601, 1800 })
        {
            harness.Time.Advance(TimeSpan.FromSeconds(seconds));
            await harness.GetAsync("chat:1", "i");
        }

        var memory = harness.Engine.Accesses()[0].Tiers[0];

        Assert.Equal("1s=1 10s=1 1m=1 10m=1 1h=2", string.Join(' ', memory.After.Where(static after => after.Value > 0).Select(static after => $"{after.Key}={after.Value}")));
    }

    [Fact]
    public async Task Accesses_OfSharedTiers_AreCountedWhereTheyWereAnswered()
    {
        await using var one = new SharedHarness("write: Through, ack: All, promoteAfter: 9", node: 1);
        await using var two = new SharedHarness("write: Through, ack: All, promoteAfter: 9", one.Redis, one.Postgres, node: 2);
        await one.PutAsync("a", "i", "1234");
        await one.PutAsync("b", "i", "12");

        await two.ReadAsync("a", "i");
        one.Redis.IsAway = true;
        await two.ReadAsync("b", "i");

        Assert.Contains("redis 1 (4 bytes), postgres 1 (2 bytes)", Told(two.Engine), StringComparison.Ordinal);
    }

    private static string Told(TierEngine engine) => string.Join('\n', engine.Accesses().Select(static rule =>
        string.Create(CultureInfo.InvariantCulture, $"{rule.Rule}: {rule.Misses} missed, {string.Join(", ", rule.Tiers.Select(static tier => $"{tier.Tier} {tier.Hits} ({tier.Bytes} bytes)"))}")));
}
