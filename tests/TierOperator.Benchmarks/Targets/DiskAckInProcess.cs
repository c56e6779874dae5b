using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Tiering.Disk;

namespace TierOperator.Benchmarks.Targets;

/// <summary>Group commit: 64 writers at once beside one sync for each write, on the same disk, and on one that syncs slowly.</summary>
internal sealed class DiskAckInProcess : ITarget
{
    private const int Writers = 64;
    private const int ValueBytes = 1024;
    private const long CapacityBytes = 8L << 30;

    public string Name => "disk-ack";
    public string Description => "durable writes of 1 KiB, in process: 64 writers beside one fsync a write, and with 2 ms injected into each fsync";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation) =>
    [
        .. await CompareAsync("as it is", PosixDisk.Instance, quick, cancellation),
        .. await CompareAsync("2 ms more a sync", new SlowSyncDisk(PosixDisk.Instance, TimeSpan.FromMilliseconds(2)), quick, cancellation),
    ];

    private async Task<IReadOnlyList<Measurement>> CompareAsync(string what, IDiskDoor disk, bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var store = StoreWriter.Open(folder.File("data"), disk, CapacityBytes);
        var writer = new StoreWriter(store, ValueBytes);
        var duration = TimeSpan.FromSeconds(quick ? 1 : 5);
        var (plain, grouped) = (new List<double>(), new List<double>());
        // In turn, because disks have moods; round 0 warms up.
        for (var round = 0; round <= (quick ? 1 : 3); round++)
        {
            cancellation.ThrowIfCancellationRequested();
            ProgressLine.Say($"{Name}, {what}: round {round}");
            var (one, many) = (PlainWrites.PerSecond(disk, folder.File("plain"), ValueBytes, duration), await writer.PerSecondAsync(Writers, duration));
            if (round == 0) continue;
            plain.Add(one);
            grouped.Add(many);
        }

        return
        [
            new(Name, $"{what}: one fsync a write", Series.Median(plain), "writes/s"),
            new(Name, $"{what}: 64 writers", Series.Median(grouped), "writes/s"),
            new Measurement(Name, $"{what}: ratio", Series.Median(grouped) / Series.Median(plain), "").AtLeast(20),
        ];
    }
}
