using TierOperator.TestKit.Engine;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>The shortest runs that once failed.</summary>
public sealed class RegressionTests
{
    [Theory]
    [InlineData(0, true)]
    [InlineData(5, true)]
    [InlineData(0, false)]
    [InlineData(5, false)]
    public async Task ReadOnDisk_AfterTheDiskHeardOfIt_KeepsTheSessionLonger(int length, bool whole)
    {
        await using var harness = new EngineHarness("tiers: {memory: {capacity: 1Mi, ttl: 30m}, spillover: {capacity: 256Mi, ttl: 6h}}\nrules: [{name: all, match: {sessions: ['*']}, ack: Memory, promoteAfter: 3}]");
        await harness.PutAsync("s", "i", new byte[length]);
        harness.Time.SetUtcNow(harness.Time.GetUtcNow() + TimeSpan.FromHours(3.5));
        if (whole) await harness.Engine.ReadSessionAsync(EngineHarness.Key("s"), CancellationToken.None);
        else await harness.GetAsync("s", "i");
        harness.Time.SetUtcNow(harness.Time.GetUtcNow() + TimeSpan.FromHours(4));

        Assert.NotNull(await harness.GetAsync("s", "i"));
    }
}
