using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>Writes acknowledged from disk beside writes acknowledged from memory: one sidecar, two rules, in turn.</summary>
internal sealed class DiskAckHttp : ITarget
{
    public string Name => "disk-ack-http";
    public string Description => "64 writers of 1 KiB over HTTP: ack Disk as a share of ack Memory";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy(), cancellation);
        var rounds = quick ? 1 : 5;
        var duration = TimeSpan.FromSeconds(quick ? 2 : 6);
        var (disk, memory) = (new List<LoadResult>(), new List<LoadResult>());
        for (var round = 0; round <= rounds; round++)
        {
            var (first, second) = (await WriteAsync(sidecar.Api, "d", round, duration, cancellation), await WriteAsync(sidecar.Api, "m", round, duration, cancellation));
            if (round == 0) continue;
            disk.Add(first);
            memory.Add(second);
        }

        var (diskRate, memoryRate) = (Series.Median(disk.Select(run => run.PerSecond)), Series.Median(memory.Select(run => run.PerSecond)));
        return
        [
            new(Name, "ack Disk", diskRate, "writes/s"),
            new(Name, "ack Disk p99", Series.Median(disk.Select(run => run.Writes.Percentile(0.99).TotalMilliseconds)), "ms"),
            new(Name, "ack Memory", memoryRate, "writes/s"),
            new(Name, "ack Memory p99", Series.Median(memory.Select(run => run.Writes.Percentile(0.99).TotalMilliseconds)), "ms"),
            new Measurement(Name, "ack Disk to ack Memory", diskRate / memoryRate, "").AtLeast(0.5),
        ];
    }

    // 50,000 keys stay in memory: neither side pays for evictions.
    private Task<LoadResult> WriteAsync(Uri url, string prefix, int round, TimeSpan duration, CancellationToken cancellation) =>
        Drive.RunAsync($"{Name} {(prefix == "d" ? "Disk" : "Memory")}, round {round}", new LoadOptions
        {
            Url = url,
            Keys = new ZipfKeys(50_000, 0),
            Reads = 0,
            Duration = duration,
            SessionPrefix = prefix,
            Seed = round,
        }, cancellation);
}
