using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>Reads of sessions that memory has evicted, while other reads and writes go on.</summary>
internal sealed class RestoreFromDisk : ITarget
{
    private const int Connections = 16;

    public string Name => "restore";
    public string Description => "p99 of reads answered from disk under load: a data set eight times the memory, 90 % reads";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy { MemoryCapacity = "64Mi" }, cancellation);
        var keys = (quick ? 128 : 512) * 1024L;
        await Drive.FillAsync($"{Name}: filling", sidecar.Api, keys, 1024, "s", cancellation);
        var result = await Drive.RunAsync($"{Name}: reading", new LoadOptions
        {
            Url = sidecar.Api,
            Keys = new ZipfKeys(keys, 0.5),
            Reads = 0.9,
            Connections = Connections,
            Duration = TimeSpan.FromSeconds(quick ? 3 : 30),
        }, cancellation);

        var disk = result.Sources.Where(source => source.Key is not ("memory" or LoadResult.Miss)).Select(source => source.Value)
            .Aggregate(new LatencyHistogram(), (all, one) => { all.Add(one); return all; });
        if (disk.Count == 0) throw new InvalidOperationException("no read was answered from disk: there is nothing to judge");
        return
        [
            new(Name, "operations", result.PerSecond, "per second"),
            new(Name, "reads answered from disk", 100.0 * disk.Count / result.Reads.Count, "%"),
            new(Name, "reads found nowhere", result.Sources.GetValueOrDefault(LoadResult.Miss)?.Count ?? 0, ""),
            new(Name, "p50 from disk", disk.Percentile(0.5).TotalMilliseconds, "ms"),
            new Measurement(Name, "p99 from disk", disk.Percentile(0.99).TotalMilliseconds, "ms").Under(5),
        ];
    }
}
