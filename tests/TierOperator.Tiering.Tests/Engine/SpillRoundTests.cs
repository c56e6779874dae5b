using TierOperator.TestKit.Engine;

namespace TierOperator.Tiering.Tests.Engine;

/// <summary>Under Overflow, what memory holds above evictToPercent goes down in rounds, before pressure asks for it.</summary>
public sealed class SpillRoundTests
{
    private const int Sessions = 100;

    [Fact]
    public async Task Overflow_EachInterval_SpillsABatch()
    {
        await using var harness = await FilledAsync("Overflow", evictToPercent: 1);

        Assert.Equal(0, await AfterAsync(harness, TimeSpan.FromSeconds(29)));
        Assert.Equal(7, await AfterAsync(harness, TimeSpan.FromSeconds(1)));
        Assert.Equal(7, await AfterAsync(harness, TimeSpan.FromSeconds(29)));
        Assert.Equal(14, await AfterAsync(harness, TimeSpan.FromSeconds(1)));
        Assert.Equal(35, await AfterAsync(harness, TimeSpan.FromSeconds(90)));
        for (var i = 0; i < Sessions; i++) Assert.NotNull(await harness.ValueAsync($"s{i}", "i"));
    }

    [Theory]
    [InlineData("Overflow", 80)]
    [InlineData("Mirror", 1)]
    public async Task Memory_WithoutSurplusOrMirrored_KeepsEverySession(string mode, int evictToPercent)
    {
        await using var harness = await FilledAsync(mode, evictToPercent);

        await AfterAsync(harness, TimeSpan.FromMinutes(10));

        Assert.Equal(Sessions, harness.Engine.Status().Tiers[0].Sessions);
    }

    private static async Task<EngineHarness> FilledAsync(string mode, int evictToPercent)
    {
        var harness = new EngineHarness(
            $"tiers: {{memory: {{capacity: 8Mi, ttl: 1h, evictToPercent: {evictToPercent}}}, spillover: {{capacity: 64Mi, mode: {mode}, batch: 7, interval: 30s}}}}");
        for (var i = 0; i < Sessions; i++) await harness.PutAsync($"s{i}", "i", new string('x', 1000));
        return harness;
    }

    /// <summary>Lets time pass, sweeps, and answers how many sessions have left memory.</summary>
    private static async Task<int> AfterAsync(EngineHarness harness, TimeSpan time)
    {
        harness.Time.SetUtcNow(harness.Time.GetUtcNow() + time);
        await harness.Engine.SweepOnceAsync(64);
        return Sessions - harness.Engine.Status().Tiers[0].Sessions;
    }
}
