using System.Collections.Concurrent;
using System.Net;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Benchmarks.Cluster;

/// <summary>The admin ports of all pods: one server on every address of the loopback, which answers for the pod whose address was called.</summary>
internal sealed class SidecarSwarm : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly ConcurrentDictionary<IPAddress, ObjectKey> policies = new();
    private readonly ConcurrentDictionary<ObjectKey, string> revisions = new();
    private long asked;

    private SidecarSwarm()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Any, 0));
        application = builder.Build();
        application.MapGet("/status", AnswerAsync);
    }

    public int Port => new Uri(application.Urls.First()).Port;
    public long Asked => Interlocked.Read(ref asked);

    public static async Task<SidecarSwarm> StartAsync()
    {
        var swarm = new SidecarSwarm();
        await swarm.application.StartAsync();
        return swarm;
    }

    public void Place(IPAddress address, ObjectKey policy) => policies[address] = policy;

    /// <summary>From now on the policy's sidecars say that they run this revision.</summary>
    public void Acknowledge(ObjectKey policy, string revision) => revisions[policy] = revision;

    public ValueTask DisposeAsync() => application.DisposeAsync();

    private Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref asked);
        var policy = policies[http.Connection.LocalIpAddress!.MapToIPv4()];
        return http.Response.WriteAsync($$$"""
            {"phase":"Ready","policy":{"revision":"{{{revisions[policy]}}}","refused":null,"restartRequired":[]},
             "tiers":[{"name":"memory","state":"Healthy","usedBytes":1048576,"hits":1000},{"name":"spillover","state":"Healthy","usedBytes":4194304,"hits":50}],"counters":{"misses":20}}
            """, http.RequestAborted);
    }
}
