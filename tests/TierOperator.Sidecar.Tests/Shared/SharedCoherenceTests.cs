using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary>Two sidecars under one policy: what one writes the other hears of, whichever of the tiers the rule has.</summary>
public sealed class SharedCoherenceTests(SharedFixture servers) : IClassFixture<SharedFixture>
{
    [Theory]
    [InlineData("all", "Auto")]
    [InlineData("durable", "Auto")]
    [InlineData("durable", "PubSub")]
    [InlineData("cached", "Tracking")]
    [InlineData("all", "Notify")]
    public async Task Write_ByAnother_ReplacesTheCopyInMemory(string rule, string backplane)
    {
        var policy = SharedFixture.Policy($"p{Guid.NewGuid():n}")
            .Replace("rules: [", "rules: [{name: durable, match: {sessions: ['durable*']}, tiers: [memory, spillover, postgres], promoteAfter: 1}, {name: cached, match: {sessions: ['cached*']}, tiers: [memory, redis], ack: Memory, promoteAfter: 1}, ", StringComparison.Ordinal)
            .Replace("sync: {interval: 100ms}", $"sync: {{interval: 100ms, backplane: {backplane}}}", StringComparison.Ordinal);
        await using var one = await servers.StartAsync(policy);
        await using var two = await servers.StartAsync(policy);
        await Until.SettledAsync(one);
        await Until.SettledAsync(two);
        await HearsAsync(two);
        await one.PutAsync($"/v1/sessions/{rule}/items/x", "old").AssertStatusAsync(201);
        await ToldAsync(two, rule, "old", "memory");

        await one.PutAsync($"/v1/sessions/{rule}/items/x", "new").AssertStatusAsync(204);

        await ToldAsync(two, rule, "new", source: null);
    }

    [Fact]
    public async Task Read_WhileNoAnnouncementCanArrive_SaysThatTheTierIsAway()
    {
        await using var redis = await TestKit.Redis.RedisServer.StartAsync();
        var name = $"p{Guid.NewGuid():n}";
        servers.Secret(name, redis.Url);
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(name, redis: name));
        await Until.SettledAsync(sidecar);
        await sidecar.PutAsync("/v1/sessions/a/items/x", "kept").AssertStatusAsync(201);
        redis.Kill();

        await Until.HoldsAsync(async () =>
        {
            using var response = await sidecar.Http.GetAsync("/v1/sessions/a/items/x");
            Assert.Equal("kept", await response.Content.ReadAsStringAsync());
            return response.Headers.TryGetValues("Tier-Unavailable", out var away) && away.Single().Contains("redis", StringComparison.Ordinal) ? null : "it answers without a word";
        });
    }

    private static Task HearsAsync(RunningSidecar sidecar) => Until.HoldsAsync(async () =>
    {
        using var response = await sidecar.Http.GetAsync("/v1/status");
        var backplane = (await response.JsonAsync()).GetProperty("backplane").GetString();
        return backplane == "away" ? backplane : null;
    });

    private static Task ToldAsync(RunningSidecar sidecar, string rule, string value, string? source) => Until.HoldsAsync(async () =>
    {
        using var response = await sidecar.Http.GetAsync($"/v1/sessions/{rule}/items/x");
        var (told, from) = (await response.Content.ReadAsStringAsync(), response.Headers.TryGetValues("Tier-Source", out var sources) ? sources.Single() : "nowhere");
        return told == value && (source is null || from == source) ? null : $"{told} from {from}";
    });
}
