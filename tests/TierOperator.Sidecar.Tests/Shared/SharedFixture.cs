using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Postgres;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary>One Redis and one PostgreSQL for the sidecars of a class; each test has a policy, and so data, of its own.</summary>
public sealed class SharedFixture : IAsyncLifetime
{
    private readonly TempFolder _secrets = new();

    internal TestKit.Redis.RedisServer Redis { get; private set; } = null!;
    internal PostgresServer Postgres { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (Redis, Postgres) = (await TestKit.Redis.RedisServer.StartAsync(), await PostgresServer.StartAsync());
        Secret("r", Redis.Url);
        Secret("p", Postgres.Url);
    }

    /// <summary>A secret's folder with its url.</summary>
    internal void Secret(string name, string url) => _secrets.Secret(name, url);

    internal void TakeAway(string secret) => Directory.Delete(Path.Combine(_secrets.Secrets, secret), recursive: true);

    internal Task<RunningSidecar> StartAsync(string policy) => RunningSidecar.StartAsync(policy, "--secrets", _secrets.Secrets);

    /// <summary>All four tiers, changes sent within a tenth of a second.</summary>
    internal static string Policy(string name, string redis = "r", string postgres = "p", string more = "") => $$"""
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: { name: {{name}} }
        spec:
          selector: {matchLabels: {app: shared} }
          tiers:
            memory: {capacity: 16Mi, ttl: 1h}
            spillover: {capacity: 64Mi, ttl: 1d}
            redis: {ttl: 1d, timeout: 500ms, external: {secretRef: {name: {{redis}} } } }
            postgres: {retention: 9d, timeout: 500ms, search: true, external: {secretRef: {name: {{postgres}} } } }
          defaults: {sessionStrategy: FullSession}
          rules: [{name: all, write: Behind, ack: Disk, dataCategory: raw, pii: {mask: [note.secret]} }]
          sync: {interval: 100ms}
        {{more}}
        """;

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        await Postgres.DisposeAsync();
        _secrets.Dispose();
    }
}
