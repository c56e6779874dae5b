using System.Net;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp.Native;

/// <summary>A sidecar whose policy has a Redis tier on a real redis-server.</summary>
internal sealed class RedisTierSidecar : IAsyncDisposable
{
    private readonly TempFolder _secrets;

    private RedisTierSidecar(RunningSidecar sidecar, TempFolder secrets) => (Sidecar, _secrets) = (sidecar, secrets);

    public RunningSidecar Sidecar { get; }
    public IPEndPoint Endpoint => Sidecar.Host.Resp;

    /// <summary>With <paramref name="rule"/> for every session; sidecars with the same <paramref name="name"/> share their sessions.</summary>
    public static async Task<RedisTierSidecar> StartAsync(IPEndPoint redis, string rule = "write: Through, ack: Redis", string? name = null, string memory = "128Mi")
    {
        var secrets = new TempFolder();
        secrets.Secret("cache", $"redis://{redis}");
        var sidecar = await RunningSidecar.StartAsync(PolicyOf(name ?? $"p{Guid.NewGuid():N}", rule, memory), "--secrets", secrets.Secrets);
        var running = new RedisTierSidecar(sidecar, secrets);
        // The tier is opened beside the start; what is decided there is refused until then, whatever the rule says.
        using var client = await RespClient.ConnectAsync(running.Endpoint);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await client.CallAsync("LLEN", "none") != ":0" || (await client.CallAsync("INCR", "warm")).StartsWith('-')) await Task.Delay(5, patience.Token);
        await client.CallAsync("DEL", "warm");
        return running;
    }

    public static string PolicyOf(string name, string rule, string memory) => $$"""
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata:
          name: {{name}}
        spec:
          tiers:
            memory:
              capacity: {{memory}}
            spillover: {capacity: 512Mi}
            redis:
              ttl: 1d
              timeout: 2s
              external:
                secretRef: {name: cache}
          defaults: {sessionStrategy: FullSession}
          sync: {interval: 200ms}
          rules:
            - {name: all, match: {sessions: ["*"]}, {{rule}} }
        """;

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        _secrets.Dispose();
    }
}
