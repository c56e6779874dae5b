using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Disk;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>The disk fails under the engine, and comes back.</summary>
public sealed class DiskFaultTests
{
    private static string Spec(string ack)
        => $"tiers: {{memory: {{capacity: 8Mi, ttl: 1h}}, spillover: {{capacity: 64Mi, ttl: 7d}}}}\nrules: [{{name: all, match: {{sessions: ['*']}}, ack: {ack}, promoteAfter: 1}}]";

    [Theory]
    [InlineData(DiskFault.NoSpace)]
    [InlineData(DiskFault.InputOutput)]
    [InlineData(DiskFault.ShortWrite)]
    public async Task AckMemory_DiskFailsThenHeals_DiskHoldsWhatMemoryChanged(DiskFault fault)
    {
        var folder = Directory.CreateTempSubdirectory("tier-fault-").FullName;
        var disk = new FaultyDisk(new PosixDisk()) { Fault = fault };
        await using (var harness = new EngineHarness(Spec("Memory"), folder, disk: disk))
        {
            for (var i = 0; i < 20; i++) await harness.PutAsync($"s{i}", "i", $"old {i}");
            await harness.Engine.FlushAsync(CancellationToken.None);

            Break(disk);
            await harness.PutAsync("first", "i", "noticed");
            await harness.Engine.FlushAsync(CancellationToken.None);
            for (var i = 0; i < 10; i++) Assert.True((await harness.PutAsync($"s{i}", "i", $"new {i}")).Succeeded);
            for (var i = 10; i < 15; i++) await harness.Engine.DeleteSessionAsync(EngineHarness.Key($"s{i}"), default, CancellationToken.None);
            var outcome = await harness.PutAsync("second", "i", "spread no further");
            Assert.Equal(TierSet.Spillover, outcome.Unavailable);
            Assert.True(outcome.Succeeded, outcome.ToString());
            for (var i = 0; i < 20; i++) Assert.Equal(Expected(i), await harness.ValueAsync($"s{i}", "i"));

            await HealAsync(disk, harness);
            Assert.Equal(0, (await harness.Engine.FlushAsync(CancellationToken.None)).PendingSessions);
        }

        await using (var reopened = new EngineHarness(Spec("Memory"), folder))
            for (var i = 0; i < 20; i++) Assert.Equal(Expected(i), await reopened.ValueAsync($"s{i}", "i"));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(DiskFault.NoSpace)]
    [InlineData(DiskFault.InputOutput)]
    public async Task AckDisk_DiskFails_RefusesAndKeepsWhatItAcknowledged(DiskFault fault)
    {
        var folder = Directory.CreateTempSubdirectory("tier-fault-").FullName;
        var disk = new FaultyDisk(new PosixDisk()) { Fault = fault };
        await using (var harness = new EngineHarness(Spec("Disk"), folder, disk: disk))
        {
            for (var i = 0; i < 20; i++) await harness.PutAsync($"s{i}", "i", $"old {i}");
            for (var i = 0; i < 10; i++) await harness.Engine.EvictAsync(EngineHarness.Key($"s{i}"), CancellationToken.None);

            Break(disk);
            for (var i = 20; i < 40; i++)
                Assert.Contains((await harness.PutAsync($"s{i}", "i", "refused")).Status, (WriteStatus[])[WriteStatus.Unavailable, WriteStatus.Backlog]);

            await HealAsync(disk, harness);
            Assert.True((await harness.PutAsync("after", "i", "healed")).Succeeded);
        }

        await using (var reopened = new EngineHarness(Spec("Disk"), folder))
        {
            for (var i = 0; i < 20; i++) Assert.Equal($"old {i}", await reopened.ValueAsync($"s{i}", "i"));
            Assert.Equal("healed", await reopened.ValueAsync("after", "i"));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task AckDisk_TellingOfAnAccessFails_LosesNoSession()
    {
        var folder = Directory.CreateTempSubdirectory("tier-fault-").FullName;
        var disk = new FaultyDisk(new PosixDisk()) { Fault = DiskFault.InputOutput };
        await using (var harness = new EngineHarness(Spec("Disk"), folder, disk: disk))
        {
            await harness.PutAsync("s", "i", "kept");
            harness.Time.SetUtcNow(harness.Time.GetUtcNow() + TimeSpan.FromMinutes(10));
            await harness.GetAsync("s", "i");
            Break(disk);
            await harness.Engine.EvictAsync(EngineHarness.Key("s"), CancellationToken.None);
            await harness.Engine.FlushAsync(CancellationToken.None);
            await HealAsync(disk, harness);
            await harness.Engine.ResettleAsync(CancellationToken.None);

            Assert.Equal("kept", await harness.ValueAsync("s", "i"));
        }

        Directory.Delete(folder, recursive: true);
    }

    private static string? Expected(int i) => i < 10 ? $"new {i}" : i < 15 ? null : $"old {i}";

    private static void Break(FaultyDisk disk)
    {
        disk.FailCalls = int.MaxValue / 2;
        disk.FailAtCall = disk.Calls + 1;
    }

    /// <summary>Has the store probe the disk, which works again, and the engine write what it missed.</summary>
    private static async Task HealAsync(FaultyDisk disk, EngineHarness harness)
    {
        disk.FailAtCall = 0;
        await harness.Engine.Disk!.MaintainAsync();
        Assert.Equal("Healthy", harness.Engine.Status().Tiers[1].State);

        await harness.Engine.ResettleAsync(CancellationToken.None);
    }
}
