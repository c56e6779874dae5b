using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Benchmarks.Processes;
using TierOperator.Policy;
using TierOperator.TestKit.Postgres;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Benchmarks.Targets;

/// <summary>An engine in this process over memory, disk and the real servers that it is given.</summary>
internal sealed class SharedEngine : IAsyncDisposable
{
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(50);

    private readonly WorkFolder _folder = new();
    private readonly List<RemoteTierBinding> _bindings = [];

    public SharedEngine(string rule, string memory = "256Mi", string spillover = "4Gi", RedisServer? redis = null, PostgresServer? postgres = null)
    {
        var remote = new RemoteTierOptions { Namespace = "bench", Policy = $"p{Guid.NewGuid():n}", Timeout = Timeout, Node = 1 };
        if (redis is not null) _bindings.Add(Bind(redis, remote));
        if (postgres is not null) _bindings.Add(Bind(postgres, remote with { Timeout = TimeSpan.FromMilliseconds(200) }));
        var tiers = (redis is null ? "" : "\n    redis: {ttl: 1d, external: {secretRef: {name: r}}}") + (postgres is null ? "" : "\n    postgres: {retention: 9d, external: {secretRef: {name: p}}}");
        var result = PolicyLoader.Load($"""
            apiVersion: tieroperator.io/v1alpha1
            kind: TierPolicy
            metadata: {"{name: bench}"}
            spec:
              selector: {"{matchLabels: {app: bench}}"}
              tiers:
                memory: {"{"}capacity: {memory}, ttl: 5h{"}"}
                spillover: {"{"}capacity: {spillover}, ttl: 7d, compression: None{"}"}{tiers}
              defaults: {"{sessionStrategy: FullSession}"}
              rules: [{"{"}name: all, {rule}{"}"}]
            """, "bench");
        var policy = result.Policy ?? throw new InvalidOperationException(string.Join("; ", result.Faults));
        Engine = TierEngine.Open(new EngineOptions { DataFolder = _folder.Path, Node = 1, RemoteTiers = _bindings }, policy, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public TierEngine Engine { get; }

    public ValueTask<WriteOutcome> PutAsync(int session, byte[] value)
        => Engine.PutAsync(Key(session), new ItemWrite("value"u8.ToArray(), "application/octet-stream", ItemValue.From(value)), default, CancellationToken.None);

    public ValueTask<ReadOutcome> ReadAsync(int session) => Engine.ReadAsync(Key(session), "value"u8.ToArray(), CancellationToken.None);

    public async Task ReadyAsync(CancellationToken cancellation)
    {
        while (_bindings.Exists(static binding => binding.Tier.State.Health != RemoteHealth.Healthy)) await Task.Delay(10, cancellation);
    }

    public long Backlog => Engine.Status().Tiers.Sum(static tier => (long)tier.BacklogSessions);

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _folder.Dispose();
    }

    private static byte[] Key(int session) => System.Text.Encoding.ASCII.GetBytes($"session:{session:d7}");

    private static RemoteTierBinding Bind(RedisServer server, RemoteTierOptions remote)
    {
        if (!RedisEndpointUrl.TryParse(server.Url, null, out var endpoint, out var error)) throw new InvalidOperationException(error);
        return new RemoteTierBinding(new RedisTier(new RedisTierOptions { Endpoint = endpoint, Remote = remote }, TimeProvider.System, NullLogger<RedisTier>.Instance), remote.Timeout);
    }

    private static RemoteTierBinding Bind(PostgresServer server, RemoteTierOptions remote)
    {
        if (!PostgresUrl.TryParse(server.Url, Path.GetTempPath(), out var url, out var error)) throw new InvalidOperationException(error);
        return new RemoteTierBinding(new PostgresTier(new PostgresTierOptions { Url = url, Remote = remote }, TimeProvider.System, NullLogger.Instance), remote.Timeout);
    }
}
