using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>
/// A hit of 1 KiB on a route, beside bare Kestrel, nginx and Varnish with one worker each, all before the same origin;
/// wrk drives them in turn.
/// </summary>
internal sealed class CacheHit : ITarget
{
    private const string Path = "/cached";

    public string Name => "cache-hit";
    public string Description => "hits of 1 KiB on a route (wrk -t1 -c64), beside bare Kestrel, nginx and Varnish";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var origin = await ReferenceServer.StartBareAsync(cancellation);
        var bare = origin.Url;
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy { SpilloverCapacity = null, Routes = RouteTo(bare) }, cancellation);
        var (nginxPort, varnishPort) = (FreePort(), FreePort());
        await using var nginx = await StartNginxAsync(folder, bare, nginxPort, cancellation);
        await using var varnish = StartVarnish(folder, bare, varnishPort);
        var servers = new Dictionary<string, Uri>(StringComparer.Ordinal)
        {
            ["bare Kestrel"] = bare, ["sidecar"] = sidecar.Api, ["nginx"] = Local(nginxPort), ["Varnish"] = Local(varnishPort),
        };
        foreach (var server in servers.Values) await AnswersAsync(server, Path, cancellation);
        return Judge(await RoundsAsync(servers, quick, cancellation));
    }

    private async Task<Dictionary<string, double>> RoundsAsync(Dictionary<string, Uri> servers, bool quick, CancellationToken cancellation)
    {
        var rounds = quick ? 1 : 3;
        var duration = TimeSpan.FromSeconds(quick ? 2 : 3);
        var rates = servers.Keys.ToDictionary(name => name, _ => new List<double>(), StringComparer.Ordinal);
        // Round 0 warms all up.
        for (var round = 0; round <= rounds; round++)
            foreach (var (name, url) in servers)
            {
                ProgressLine.Say($"{Name}: {name}, round {round} of {rounds}");
                var run = await Wrk.RunAsync(new Uri(url, Path), duration, cancellation);
                if (round > 0) rates[name].Add(run.RequestsPerSecond);
            }

        return rates.ToDictionary(pair => pair.Key, pair => Series.Median(pair.Value), StringComparer.Ordinal);
    }

    private List<Measurement> Judge(Dictionary<string, double> rates)
    {
        var ours = rates["sidecar"];
        return
        [
            .. rates.Select(pair => new Measurement(Name, pair.Key, pair.Value, "requests/s")),
            new Measurement(Name, "sidecar to bare Kestrel", ours / rates["bare Kestrel"], "").AtLeast(0.75),
            new Measurement(Name, "sidecar to nginx", ours / rates["nginx"], "").AtLeast(0.9),
            new Measurement(Name, "sidecar to Varnish", ours / rates["Varnish"], "").AtLeast(1),
        ];
    }

    internal static string RouteTo(Uri origin) => $$"""
              routes:
                - {name: all, match: {path: "/{**rest}"}, origin: {destinations: ["{{origin}}"]}, cache: {mode: Policy, ttl: 10m} }

            """;

    private static async Task<ChildProcess> StartNginxAsync(WorkFolder folder, Uri origin, int port, CancellationToken cancellation)
    {
        var (conf, cache) = (folder.File("nginx.conf"), folder.File("nginx-cache"));
        await File.WriteAllTextAsync(conf, $$"""
            worker_processes 1; daemon off; user root; pid {{folder.File("nginx.pid")}}; error_log /dev/null;
            events { worker_connections 1024; }
            http {
              access_log off; keepalive_requests 1000000000;
              proxy_cache_path {{cache}} keys_zone=c:64m;
              server {
                listen 127.0.0.1:{{port}};
                location / { proxy_pass {{origin}}; proxy_cache c; proxy_cache_valid 200 10m; add_header X-Cache $upstream_cache_status; }
              }
            }
            """, cancellation);
        return new ChildProcess("nginx", ["-c", conf]);
    }

    private static ChildProcess StartVarnish(WorkFolder folder, Uri origin, int port) => new("varnishd",
    [
        "-F", "-n", folder.File("varnish"), "-a", $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}", "-b", $"127.0.0.1:{origin.Port.ToString(CultureInfo.InvariantCulture)}",
        "-s", "malloc,256m", "-p", "thread_pools=1", "-p", "default_ttl=600",
    ]);

    internal static async Task AnswersAsync(Uri server, string path, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri(server, path), cancellation);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (attempt < 200)
            {
                await timer.WaitForNextTickAsync(cancellation);
            }
        }
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    internal static Uri Local(int port) => new($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
}
