using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TierOperator.Benchmarks.Processes;

namespace TierOperator.Benchmarks.Cluster;

/// <summary>The real executable, by a kubeconfig that names the benchmark's API server.</summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    private readonly ChildProcess process;
    private readonly int healthPort = FreePort();
    private readonly int webhookPort = FreePort();

    private readonly HttpClient client = CreateClient();

    public OperatorProcess(WorkFolder folder, BenchCluster cluster)
    {
        var executable = Path.Combine(RepositoryRoot.Path, "out/operator/tier-operator");
        if (!File.Exists(executable)) throw new InvalidOperationException($"{executable} is missing: run `make build` first");
        var kubeconfig = folder.File("kubeconfig");
        File.WriteAllText(kubeconfig, $$$"""
            current-context: bench
            contexts: [{name: bench, context: {cluster: bench, user: bench}}]
            clusters: [{name: bench, cluster: {server: "{{{cluster.Server.Address}}}"}}]
            users: [{name: bench, user: {token: bench}}]
            """);
        process = new ChildProcess(executable,
        [
            "run", "--kubeconfig", kubeconfig, "--identity", "bench", "--sidecar-image", "tier:1",
            "--webhook-port", Text(webhookPort), "--health-port", Text(healthPort),
        ], ("MALLOC_ARENA_MAX", "2"), ("DOTNET_EnableWriteXorExecute", "0")); // as its image sets them
    }

    public int Id => process.Id;
    public void EnsureRuns() => process.EnsureRuns();

    public TimeSpan Age => Stopwatch.GetElapsedTime(process.StartedAt);
    public Uri Inject => new($"https://127.0.0.1:{webhookPort}/inject");
    public HttpClient Client => client;

    /// <summary>One sample of its metrics, all labels summed.</summary>
    public async Task<double> MetricAsync(string name, CancellationToken cancellation)
    {
        var text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{healthPort}/metrics"), cancellation);
        return text.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await process.DisposeAsync();
    }

    [SuppressMessage("Security", "CA5359", Justification = "The operator's authority is its own, and its certificate is for its Service: what is measured is its speed.")]
    private static HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    })
    {
        DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
    };

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
