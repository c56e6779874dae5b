using System.Diagnostics;
using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>What a sidecar costs that has little to do: start-up time, resident memory, processor time.</summary>
internal sealed class Idle : ITarget
{
    private const double HitsPerSecond = 1000;
    private const int PacedConnections = 8;

    public string Name => "idle";
    public string Description => "start-up time on an empty folder, idle memory and processor share, processor share at 1,000 hits/s";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        var starts = new List<double>();
        for (var run = 0; run < (quick ? 2 : 9); run++)
        {
            using var empty = new WorkFolder();
            await using var started = await SidecarProcess.StartAsync(empty, new BenchPolicy(), cancellation);
            starts.Add(started.ReadyAfter.TotalSeconds);
        }

        using var folder = new WorkFolder();
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy(), cancellation);
        var wait = TimeSpan.FromSeconds(quick ? 3 : 20);
        // What the start has used is compiled anew for about half a minute, in bursts.
        var settling = TimeSpan.FromSeconds(quick ? 2 : 45);
        ProgressLine.Say($"{Name}: settling for {settling.TotalSeconds} s, then idle for {wait.TotalSeconds} s");
        await Task.Delay(settling, cancellation);
        var idle = await ShareAsync(sidecar.Id, () => Task.Delay(wait, cancellation));
        var resident = ProcessFigures.ResidentBytes(sidecar.Id) / 1024.0 / 1024.0;

        await Drive.FillAsync($"{Name}: 1,000 items", sidecar.Api, 1000, 1024, "s", cancellation);
        // Code is compiled anew once it is hot: what a pod pays day by day is what comes after.
        await PacedAsync(sidecar.Api, settling, cancellation);
        var paced = await ShareAsync(sidecar.Id, () => PacedAsync(sidecar.Api, wait, cancellation));
        var bare = await BareAsync(settling, wait, cancellation);
        return
        [
            new Measurement(Name, "ready after", Series.Median(starts), "s").AtMost(0.6),
            new Measurement(Name, "resident, idle", resident, "MiB").Under(80),
            new Measurement(Name, "share of one core, idle", idle * 100, "%").Under(0.5),
            new Measurement(Name, "cores at 1,000 hits/s", paced, "").Under(0.05),
            new Measurement(Name, "the same by bare Kestrel", bare, ""),
        ];
    }

    /// <summary>What the machine and the server take at that pace, whatever is behind them.</summary>
    private async Task<double> BareAsync(TimeSpan settling, TimeSpan wait, CancellationToken cancellation)
    {
        await using var server = await ReferenceServer.StartBareAsync(cancellation);
        await PacedAsync(server.Url, settling, cancellation);
        return await ShareAsync(server.Id, () => PacedAsync(server.Url, wait, cancellation));
    }

    private static async Task<double> ShareAsync(int processId, Func<Task> during)
    {
        var (before, begin) = (ProcessFigures.ProcessorTime(processId), Stopwatch.GetTimestamp());
        await during();
        return (ProcessFigures.ProcessorTime(processId) - before) / Stopwatch.GetElapsedTime(begin);
    }

    private Task<LoadResult> PacedAsync(Uri url, TimeSpan duration, CancellationToken cancellation) =>
        Drive.RunAsync($"{Name}: {HitsPerSecond} hits/s", new LoadOptions
        {
            Url = url,
            Keys = new ZipfKeys(1000, 0.99),
            Connections = PacedConnections,
            Rate = HitsPerSecond,
            Duration = duration,
        }, cancellation);
}
