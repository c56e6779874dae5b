using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Moves by hand where no disk lies below memory.</summary>
public sealed class SharedMoveTests
{
    private const string NoDisk = "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Evict_HeldWholeBelow_LeavesMemoryAndIsReadFromThere(bool isMigrated)
    {
        await using var pod = new SharedHarness("write: Through, ack: Memory", tiers: NoDisk);
        await pod.PutAsync("s", "a", "one");
        await pod.PutAsync("s", "b", "two");

        var moved = isMigrated
            ? await pod.Engine.MigrateAsync(SharedHarness.Key("s"), TierSet.Redis, CancellationToken.None)
            : await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);

        Assert.False(moved.Tiers.HasFlag(TierSet.Memory), moved.Detail);
        Assert.Equal(TierSet.Redis, (await pod.ReadAsync("s", "a")).Source);
        Assert.Equal("two", await pod.ValueAsync("s", "b"));
    }

    [Fact]
    public async Task Evict_TheOneThatHoldsAllIsAway_IsRefusedAndKept()
    {
        await using var pod = new SharedHarness("write: Through, ack: Memory, strategy: CriticalOnly", tiers: NoDisk);
        await pod.PutAsync("s", "a", "one");
        pod.Postgres.SetState(new(RemoteHealth.Unavailable, "down"));

        var moved = await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);

        Assert.Equal(WriteStatus.Unavailable, moved.Status);
        Assert.Equal(TierSet.Memory, (await pod.ReadAsync("s", "a")).Source);
    }

    [Fact]
    public async Task Evict_OnlyAPartIsHeldBelow_IsRefusedAndKept()
    {
        await using var pod = new SharedHarness("write: Through, ack: Memory, tiers: [memory, redis], strategy: CriticalOnly", tiers: NoDisk);
        await pod.PutAsync("s", "a", "one");

        var moved = await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);

        Assert.Equal(WriteStatus.Unprocessable, moved.Status);
        Assert.Equal(TierSet.Memory, (await pod.ReadAsync("s", "a")).Source);
    }
}
