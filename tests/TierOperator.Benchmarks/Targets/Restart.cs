using System.Diagnostics;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Tiering.Disk;

namespace TierOperator.Benchmarks.Targets;

/// <summary>How long a data folder of a million items takes to open, with its hint files and without.</summary>
internal sealed class Restart : ITarget
{
    private const int ValueBytes = 1024;
    private const long CapacityBytes = 8L << 30;

    public string Name => "restart";
    public string Description => "1,000,000 items of 1 KiB on disk: index ready, by a checksummed scan and from hint files";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        var data = folder.File("data");
        var items = quick ? 50_000 : 1_000_000;
        ProgressLine.Say($"{Name}: writing {items:N0} items");
        await using (var store = StoreWriter.Open(data, PosixDisk.Instance, CapacityBytes))
            await new StoreWriter(store, ValueBytes).FillAsync(items);

        var hints = HintsIn(data).Length;
        var (hinted, scanned) = (new List<double>(), new List<double>());
        for (var round = 0; round < 3; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            hinted.Add(await OpenAsync(data, items));
            scanned.Add(await ScanAsync(data, folder.File("hints"), items));
        }

        return
        [
            new Measurement(Name, "hint files beside the data", hints, "").AtLeast(1),
            new Measurement(Name, "by a checksummed scan", Series.Median(scanned), "s").Under(1.5),
            new Measurement(Name, "from hint files", Series.Median(hinted), "s").Under(0.4),
        ];
    }

    // The hint files stand aside meanwhile: a store writes a hint when it seals a segment, not when it finds one without.
    private static async Task<double> ScanAsync(string data, string aside, int items)
    {
        Directory.CreateDirectory(aside);
        var hints = HintsIn(data);
        foreach (var hint in hints) File.Move(hint, Path.Combine(aside, Path.GetFileName(hint)));
        var elapsed = await OpenAsync(data, items);
        foreach (var hint in hints) File.Move(Path.Combine(aside, Path.GetFileName(hint)), hint, overwrite: true);
        return elapsed;
    }

    private static string[] HintsIn(string data) => Directory.GetFiles(data, "hint-*");

    private static async Task<double> OpenAsync(string data, int items)
    {
        var begin = Stopwatch.GetTimestamp();
        await using var store = StoreWriter.Open(data, PosixDisk.Instance, CapacityBytes);
        var elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        if (store.Sessions != items) throw new InvalidOperationException($"{store.Sessions} sessions of {items} came back");
        return elapsed;
    }
}
