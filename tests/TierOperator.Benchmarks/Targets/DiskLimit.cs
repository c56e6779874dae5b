using System.Globalization;
using System.Net;
using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>The most that a data folder ever takes on the disk, while its capacity is written three times over with checkpoints going on.</summary>
internal sealed class DiskLimit : ITarget
{
    private const long Mebi = 1024 * 1024;
    private const long Capacity = 256 * Mebi;
    private const int ItemBytes = 1024;
    private static readonly TimeSpan CheckpointEvery = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(100);

    public string Name => "disk";
    public string Description => "peak `du` of the data folder: spillover.capacity 256Mi written three times over, with checkpoints and compaction";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        var policy = new BenchPolicy { MemoryCapacity = "64Mi", SpilloverCapacity = "256Mi" };
        await using var sidecar = await SidecarProcess.StartAsync(folder, policy, cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sampling = SamplePeakAsync(folder.File("data"), stop.Token);
        var checkpoints = CheckpointAsync(sidecar, stop.Token);

        LoadResult[] runs;
        try
        {
            runs = await WriteAsync(sidecar.Api, (quick ? 1 : 3) * Capacity / ItemBytes, cancellation);
        }
        finally
        {
            await stop.CancelAsync();
        }

        var (taken, refused) = await checkpoints;
        return
        [
            new Measurement(Name, "peak of the data folder", await sampling / (double)Mebi, "MiB").AtMost(Capacity / Mebi),
            new(Name, "writes taken", runs.Sum(run => run.Writes.Count), ""),
            new(Name, "writes refused", runs.Sum(run => run.Errors.Values.Sum()), ""),
            new(Name, "checkpoints taken", taken, ""),
            new(Name, "checkpoints refused for want of room", refused, ""),
        ];
    }

    // The second half replaces items of the first, so that there is something to compact.
    private async Task<LoadResult[]> WriteAsync(Uri url, long items, CancellationToken cancellation) =>
    [
        await Drive.FillAsync($"{Name}: new items", url, items / 2, ItemBytes, "s", cancellation),
        await Drive.RunAsync($"{Name}: replaced items", new LoadOptions
        {
            Url = url,
            Keys = new ZipfKeys(Capacity / 4 / ItemBytes, 0),
            Reads = 0,
            ValueBytes = ItemBytes,
            Requests = items / 2,
        }, cancellation),
    ];

    private static async Task<long> SamplePeakAsync(string data, CancellationToken stop)
    {
        long peak = 0;
        while (!stop.IsCancellationRequested)
        {
            peak = Math.Max(peak, await AllocatedBytesAsync(data));
            await Task.Delay(SampleEvery, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return peak;
    }

    // What the files take, not how long they are: preallocated room counts, holes do not. Files vanish while du looks: it
    // says so by its exit code, and its sum is still good.
    private static async Task<long> AllocatedBytesAsync(string folder)
    {
        await using var du = new ChildProcess("sh", ["-c", "du -s -B1 \"$0\" 2>/dev/null || true", folder]);
        var text = await du.ReadToEndAsync(CancellationToken.None);
        return long.Parse(text.Split('\t')[0], CultureInfo.InvariantCulture);
    }

    private static async Task<(int Taken, int Refused)> CheckpointAsync(SidecarProcess sidecar, CancellationToken stop)
    {
        var (taken, refused) = (0, 0);
        while (true)
        {
            await Task.Delay(CheckpointEvery, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return (taken, refused);
            using var answer = await sidecar.Client.PostAsync(new Uri(sidecar.Api, "/v1/checkpoints"), content: null, CancellationToken.None);
            if (answer.StatusCode is HttpStatusCode.InsufficientStorage or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) refused++;
            else taken += answer.EnsureSuccessStatusCode().IsSuccessStatusCode ? 1 : 0;
        }
    }
}
