using TierOperator.TestKit.Disk;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Disk;

public sealed class DiskFaultTests
{
    private const string Folder = "/data";
    private static readonly DiskOptions s_options = new()
    {
        Folder = Folder, CapacityBytes = 2 << 20, SegmentBytes = 32 * 1024, MaintenanceInterval = TimeSpan.FromDays(1),
    };

    private static DiskStore Open(IDiskDoor door) => DiskStore.Open(s_options, door, TimeProvider.System);

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task PowerCut_AtEveryCall_KeepsWhatWasAcknowledged(int? seed)
    {
        var total = await CallsOfWholeRun();

        for (var call = 1; call <= total; call++) Assert.Null(await CutAt(call, seed, ignoreSyncs: false));
    }

    [Fact]
    public async Task PowerCut_WithSyncsIgnored_IsNoticed()
    {
        var total = await CallsOfWholeRun();
        var noticed = 0;

        for (var call = total / 2; call <= total; call += 7)
            if (await CutAt(call, seed: null, ignoreSyncs: true) is not null) noticed++;

        Assert.True(noticed > 0, "The check cannot fail, so it proves nothing.");
    }

    [Theory]
    [InlineData(DiskFault.InputOutput)]
    [InlineData(DiskFault.NoSpace)]
    [InlineData(DiskFault.ShortWrite)]
    [InlineData(DiskFault.FlippedRead)]
    public async Task Fault_AtEveryCall_LosesNothingAndHeals(DiskFault fault)
    {
        var probe = new FaultyDisk(new PowerCutDisk());
        await using (var store = Open(probe)) await new ScriptedWorkload(seed: 3).RunAsync(store, stopAtFailure: true);

        for (var call = 1; call <= probe.Calls; call++)
        {
            var disk = new PowerCutDisk();
            var faulty = new FaultyDisk(disk) { Fault = fault, FailAtCall = call };
            var workload = new ScriptedWorkload(seed: 3);
            try
            {
                await using var store = Open(faulty);
                await workload.RunAsync(store, stopAtFailure: false);
                workload.Check(store, $"{fault} at {call}");
            }
            catch (DiskStoreException error) when (error.Kind is DiskStoreFault.NotWritable or DiskStoreFault.Corrupt)
            {
                continue;
            }

            await using var reopened = Open(disk);
            workload.Check(reopened, $"{fault} at {call}, reopened");
        }
    }

    [Fact]
    public async Task FlippedBit_AnywhereOnDisk_IsNeverReadAsAValue()
    {
        var disk = new PowerCutDisk();
        var values = new HashSet<string>();
        await using (var store = Open(disk))
        {
            for (var i = 0; i < 20; i++)
            {
                values.Add("value" + i);
                await DiskFolder.AppendAsync(store, DiskFolder.Put("s" + i, "i", "value" + i));
            }

            var path = disk.List(Folder).Where(file => SegmentSet.EpochOf(file.Name) >= 0).Select(file => Folder + "/" + file.Name).Single();
            for (var offset = SegmentHeader.Bytes; offset < SegmentHeader.Bytes + 3000; offset += 3)
            {
                disk.FlipBit(path, offset, offset % 8);
                for (var i = 0; i < 20; i++)
                {
                    var status = store.TryReadItem(DiskFolder.Key("s" + i), DiskFolder.Key("i"), out var item);
                    if (status == DiskReadStatus.Found) Assert.Equal("value" + i, System.Text.Encoding.UTF8.GetString(item.Item.Value.ToArray()));
                    else Assert.Equal(DiskReadStatus.Unavailable, status);
                }

                disk.FlipBit(path, offset, offset % 8);
            }
        }
    }

    [Fact]
    public async Task BadRecordInTheMiddle_AtStart_IsSkippedAndCountedAndHidesNoOlderValue()
    {
        var disk = new PowerCutDisk();
        await using (var store = Open(disk))
        {
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "old"));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "damaged-value"));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("t", "i", "whole"));
        }

        var files = disk.List(Folder);
        foreach (var file in files.Where(file => file.Name.StartsWith(HintFile.Prefix, StringComparison.Ordinal))) disk.Delete(Folder + "/" + file.Name);
        var segment = Folder + "/" + files.Single(file => SegmentSet.EpochOf(file.Name) >= 0).Name;
        var bytes = new byte[8192];
        using (var file = disk.Open(segment, DiskOpen.Read)) file.Read(bytes, 0);
        disk.FlipBit(segment, bytes.AsSpan().IndexOf("damaged-value"u8), 2);

        await using var reopened = Open(disk);

        Assert.Equal(1, reopened.BadRecords);
        Assert.Equal("whole", DiskFolder.Read(reopened, "t", "i"));
        Assert.Null(DiskFolder.Read(reopened, "s", "i"));
    }

    [Fact]
    public async Task FailedWrite_SessionIsUnavailable_UntilSettled()
    {
        var disk = new FaultyDisk(new PowerCutDisk());
        await using var store = Open(disk);
        await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "before"));
        disk.FailAtCall = disk.Calls + 1;
        disk.FailCalls = int.MaxValue / 2;

        store.TryAppend(DiskFolder.Put("s", "i", "after"), out var ticket);

        Assert.False(await store.WaitDurableAsync(ticket));
        Assert.Equal(DiskState.Failing, store.State);
        Assert.Equal(DiskReadStatus.Unavailable, store.TryReadItem(DiskFolder.Key("s"), DiskFolder.Key("i"), out _));
        Assert.Equal(DiskFolder.Key("s"), Assert.Single(store.Unsettled));
        Assert.Equal(AppendStatus.Failing, store.TryAppend(DiskFolder.Put("t", "i", "x"), out _));
        disk.FailAtCall = 0;
        await store.MaintainAsync();
        Assert.True(store.IsHealthy);
        await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "again"));
        store.Settle(DiskFolder.Key("s"));
        Assert.Equal("again", DiskFolder.Read(store, "s", "i"));
    }

    private static async Task<int> CallsOfWholeRun()
    {
        var disk = new PowerCutDisk();
        await using (var store = Open(disk)) await new ScriptedWorkload(seed: 5).RunAsync(store, stopAtFailure: true);
        return disk.Calls;
    }

    /// <summary>What is wrong after the cut; null when nothing is.</summary>
    private static async Task<string?> CutAt(int call, int? seed, bool ignoreSyncs)
    {
        var disk = new PowerCutDisk { CutAtCall = call, IgnoreSyncs = ignoreSyncs };
        var workload = new ScriptedWorkload(seed: 5);
        try
        {
            await using var store = Open(disk);
            await workload.RunAsync(store, stopAtFailure: true);
        }
        catch (DiskStoreException)
        {
            // The power went while the folder was opened.
        }

        try
        {
            await using var reopened = Open(disk.PowerOn(seed));
            workload.Check(reopened, $"cut at call {call}");
            return null;
        }
        catch (Exception error) when (error is Xunit.Sdk.XunitException or DiskStoreException)
        {
            return error.Message;
        }
    }
}
