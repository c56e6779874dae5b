using System.Diagnostics;
using System.Net;

namespace TierOperator.Benchmarks.Processes;

/// <summary>The real executable, run on free ports.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ChildProcess process;

    private SidecarProcess(ChildProcess process, Uri api, int respPort, TimeSpan readyAfter)
    {
        this.process = process;
        Api = api;
        RespPort = respPort;
        ReadyAfter = readyAfter;
        Client = new HttpClient { BaseAddress = api, Timeout = TimeSpan.FromMinutes(10) };
    }

    public Uri Api { get; }
    public int RespPort { get; }
    public int Id => process.Id;
    public TimeSpan ReadyAfter { get; }

    /// <summary>For the calls whose speed is not the matter.</summary>
    public HttpClient Client { get; }

    /// <summary>Starts it under the policy, which is written into the folder, with the folder's `data` as its data folder.</summary>
    public static Task<SidecarProcess> StartAsync(WorkFolder folder, BenchPolicy policy, CancellationToken cancellation) => StartAsync(folder, policy.ToYaml(), [], cancellation);

    public static async Task<SidecarProcess> StartAsync(WorkFolder folder, string policy, string[] flags, CancellationToken cancellation)
    {
        var file = folder.File("policy.yaml");
        await File.WriteAllTextAsync(file, policy, cancellation);
        if (!File.Exists(RepositoryRoot.Sidecar)) throw new InvalidOperationException($"{RepositoryRoot.Sidecar} is missing: run `make build` first");
        var process = new ChildProcess(
            RepositoryRoot.Sidecar,
            ["run", "--policy", file, "--data", folder.File("data"), "--api-port", "0", "--admin-port", "0", "--resp-port", "0", .. flags]);
        try
        {
            var ready = await process.ReadLineAsync("ready ", Patience, cancellation);
            var elapsed = Stopwatch.GetElapsedTime(process.StartedAt);
            var resp = IPEndPoint.Parse(Part(ready, "resp="));
            return new SidecarProcess(process, new Uri(Part(ready, "api=")), resp.Port, elapsed);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static string Part(string ready, string name)
        => ready.Split(' ').First(word => word.StartsWith(name, StringComparison.Ordinal))[name.Length..];

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await process.DisposeAsync();
    }
}
