namespace TierOperator.Benchmarks.Processes;

/// <summary>
/// A server that the sidecar is compared with: this program with another command, under the sidecar's own runtime settings, because its
/// collector must not count for or against it.
/// </summary>
internal sealed class ReferenceServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ChildProcess process;

    private ReferenceServer(ChildProcess process, Uri url) => (this.process, Url) = (process, url);

    public Uri Url { get; }
    public int Id => process.Id;

    /// <summary>The endpoint that answers any path with 1 KiB, and nothing else.</summary>
    public static Task<ReferenceServer> StartBareAsync(CancellationToken cancellation) => StartAsync(["bare"], cancellation);

    /// <summary>YARP before an origin, and nothing else.</summary>
    public static Task<ReferenceServer> StartProxyAsync(Uri origin, CancellationToken cancellation) => StartAsync(["bare-proxy", "--origin", origin.AbsoluteUri], cancellation);

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static async Task<ReferenceServer> StartAsync(string[] command, CancellationToken cancellation)
    {
        var process = new ChildProcess("dotnet", ["exec", "--runtimeconfig", RepositoryRoot.Sidecar + ".runtimeconfig.json", Path.Combine(AppContext.BaseDirectory, "tier-bench.dll"), .. command]);
        try
        {
            return new ReferenceServer(process, new Uri((await process.ReadLineAsync("ready ", Patience, cancellation))["ready ".Length..]));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
