using System.Globalization;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>A body of 100 MiB through a route that stores it on disk: how much more the sidecar ever held, and how fast it came.</summary>
internal sealed class CacheLarge : ITarget
{
    private const int Megabytes = 100;

    public string Name => "cache-large";
    public string Description => "memory added by a body of 100 MiB on a route, on its way to disk and back";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        var port = CacheHit.FreePort();
        await using var origin = await StartOriginAsync(folder, port, cancellation);
        await CacheHit.AnswersAsync(CacheHit.Local(port), "/small", cancellation);
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy { Routes = CacheHit.RouteTo(CacheHit.Local(port)) }, cancellation);

        // Compiled code and a settled heap come first, which any requests take, and what bodies of 8 MiB take, missed and hit: a longer one
        // must not take more. A young process grows by some 20 MiB until then, whatever the size of the bodies that it passes.
        for (var i = 0; i < 1_000; i++) await DrainAsync(sidecar, "/small?" + i.ToString(CultureInfo.InvariantCulture), cancellation);
        for (var i = 0; i < 150; i++) await DrainAsync(sidecar, "/medium?" + (i / 2).ToString(CultureInfo.InvariantCulture), cancellation);
        var before = ProcessFigures.PeakResidentBytes(sidecar.Id);
        var (miss, missed) = (await DrainAsync(sidecar, "/large", cancellation), ProcessFigures.PeakResidentBytes(sidecar.Id));
        var (hit, added) = (await DrainAsync(sidecar, "/large", cancellation), ProcessFigures.PeakResidentBytes(sidecar.Id));
        return
        [
            new Measurement(Name, "peak memory added by the miss", (missed - before) / 1048576.0, "MiB").Under(4),
            new Measurement(Name, "and by the hit from disk", (added - before) / 1048576.0, "MiB").Under(4),
            new(Name, "miss", Megabytes / miss.TotalSeconds, "MiB/s"),
            new(Name, "hit from disk", Megabytes / hit.TotalSeconds, "MiB/s"),
        ];
    }

    private static async Task<ChildProcess> StartOriginAsync(WorkFolder folder, int port, CancellationToken cancellation)
    {
        var root = Directory.CreateDirectory(folder.File("www")).FullName;
        foreach (var (name, bytes) in new[] { ("small", 1024), ("medium", 8 << 20), ("large", Megabytes << 20) })
            await File.WriteAllBytesAsync(Path.Combine(root, name), new byte[bytes], cancellation);
        var conf = folder.File("origin.conf");
        await File.WriteAllTextAsync(conf, $$"""
            worker_processes 1; daemon off; user root; pid {{folder.File("origin.pid")}}; error_log /dev/null;
            events { worker_connections 64; }
            http { access_log off; server { listen 127.0.0.1:{{port}}; root {{root}}; } }
            """, cancellation);
        return new ChildProcess("nginx", ["-c", conf]);
    }

    private static async Task<TimeSpan> DrainAsync(SidecarProcess sidecar, string path, CancellationToken cancellation)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        using var answer = await sidecar.Client.GetAsync(new Uri(sidecar.Api, path), HttpCompletionOption.ResponseHeadersRead, cancellation);
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        await body.CopyToAsync(Stream.Null, cancellation);
        return System.Diagnostics.Stopwatch.GetElapsedTime(started);
    }
}
