using System.Security.Cryptography.X509Certificates;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// Makes the tiers outside this process that a policy declares. Where they are stands in a secret: for an external one under its own
/// name, for a managed one under <c>redis</c> or <c>postgres</c>, each a folder with <c>url</c> and, for TLS, <c>ca.crt</c>, <c>tls.crt</c>
/// and <c>tls.key</c>. A secret that is missing or wrong is a tier that is away and says why, not a sidecar that does not start.
/// </summary>
internal sealed class SharedTierOpener(string? secretsFolder, CompiledPolicy policy, uint node, TimeProvider time, ILoggerFactory loggers)
{
    private readonly TiersDocument? _tiers = policy.Effective?.Spec?.Tiers;
    private readonly SyncDocument _sync = policy.Effective?.Spec?.Sync ?? new SyncDocument();

    public IReadOnlyList<RemoteTierBinding> Open()
    {
        var bindings = new List<RemoteTierBinding>();
        if (_tiers?.Redis is { } redis)
        {
            var times = TimesOf(redis.Timeout?.Value ?? RemoteTimes.DefaultRedis);
            bindings.Add(Bind(TierSet.Redis, SecretOf("redis", redis.External?.SecretRef), times, folder => OpenRedis(redis, folder, times)));
        }

        if (_tiers?.Postgres is { } postgres)
        {
            var times = TimesOf(postgres.Timeout?.Value ?? RemoteTimes.DefaultPostgres);
            bindings.Add(Bind(TierSet.Postgres, SecretOf("postgres", postgres.External?.SecretRef), times, folder => OpenPostgres(postgres, folder, times)));
        }

        return bindings;
    }

    private RemoteTimes TimesOf(TimeSpan call) => new(call, _sync.Timeout?.Value ?? RemoteTimes.DefaultBatch);

    private RemoteTierBinding Bind(TierSet flag, string name, RemoteTimes times, Func<string, OpenedTier> open)
    {
        var folder = secretsFolder is null ? null : Path.Combine(secretsFolder, name);
        var tier = new SecretTier(flag, folder, name, open, time);
        return new RemoteTierBinding(tier, times.Call) { Times = times, Backplane = Listens(flag) ? tier : null };
    }

    /// <summary>A change is told by Redis where its rule has it, unless the policy says Notify; else by PostgreSQL.</summary>
    private bool Announces(TierSet flag) => _sync.Backplane switch
    {
        Backplane.Off => false,
        Backplane.Notify => flag == TierSet.Postgres,
        _ => true,
    };

    /// <summary>One channel is enough, unless there are sessions of which PostgreSQL alone can tell.</summary>
    private bool Listens(TierSet flag)
        => Announces(flag) && (flag == TierSet.Redis || _tiers?.Redis is null || _sync.Backplane == Backplane.Notify || policy.Rules.Any(static rule => IsToldByPostgres(rule.Tiers)));

    private static bool IsToldByPostgres(TierSet tiers)
        => tiers.HasFlag(TierSet.Postgres) && !tiers.HasFlag(TierSet.Redis) && (tiers & (TierSet.Memory | TierSet.Spillover)) != TierSet.None;

    /// <summary>The folder of the user's own secret where it is mounted, else the one that the operator fills.</summary>
    private string SecretOf(string tier, SecretReferenceDocument? external)
        => external?.Name is { } name && (secretsFolder is null || Directory.Exists(Path.Combine(secretsFolder, name)) || !Directory.Exists(Path.Combine(secretsFolder, tier))) ? name : tier;

    private OpenedTier OpenRedis(RedisDocument redis, string folder, RemoteTimes times)
    {
        if (!RedisEndpointUrl.TryParse(ReadUrl(folder), TopologyOf(redis), out var endpoint, out var error)) throw new SecretFault(error);
        var options = new RedisTierOptions
        {
            Remote = Remote(times, redis.Compression),
            Endpoint = endpoint,
            Tls = TlsOf(folder),
            CapacityBytes = redis.Capacity?.Bytes ?? 0,
            Announces = Announces(TierSet.Redis),
            Tracks = _sync.Backplane != Backplane.PubSub,
        };
#pragma warning disable CA2000 // who opens it disposes of it, its listener first
        var tier = new RedisTier(options, time, loggers.CreateLogger<RedisTier>());
#pragma warning restore CA2000
        return new OpenedTier(tier, Listens(TierSet.Redis) ? tier.OpenBackplane() : null);
    }

    private OpenedTier OpenPostgres(PostgresDocument postgres, string folder, RemoteTimes times)
    {
        if (!PostgresUrl.TryParse(ReadUrl(folder), folder, out var url, out var error)) throw new SecretFault(error);
        var options = new PostgresTierOptions
        {
            Remote = Remote(times, postgres.Compression),
            Url = url,
            MaxConnections = postgres.Pool?.Max ?? 2,
            IdleConnection = postgres.Pool?.Idle?.Value ?? TimeSpan.FromSeconds(30),
            Search = postgres.Search ?? false,
            Announce = Announces(TierSet.Postgres),
            MaskOf = rule => policy.Rules.FirstOrDefault(candidate => candidate.Name == rule)?.PiiMask ?? [],
        };
        var log = loggers.CreateLogger<PostgresTier>();
        return new OpenedTier(new PostgresTier(options, time, log), Listens(TierSet.Postgres) ? new PostgresBackplane(options, time, log) : null);
    }

    private RemoteTierOptions Remote(RemoteTimes times, CompressionKind? compression) => new()
    {
        Namespace = policy.Namespace, Policy = policy.Name, Timeout = times.Call, Compression = compression ?? CompressionKind.Auto,
        Tombstones = policy.Tombstones, Node = node, Times = times,
    };

    private static RedisTopologyKind? TopologyOf(RedisDocument redis)
    {
        if (redis.Managed is { } managed)
            return managed.Topology switch
            {
                RedisTopology.Cluster => RedisTopologyKind.Cluster,
                RedisTopology.Replicated => RedisTopologyKind.Sentinel,
                _ => RedisTopologyKind.Standalone,
            };
        return redis.External?.Topology switch
        {
            ExternalRedisTopology.Cluster => RedisTopologyKind.Cluster,
            ExternalRedisTopology.Sentinel => RedisTopologyKind.Sentinel,
            _ => RedisTopologyKind.Standalone,
        };
    }

    private static string ReadUrl(string folder)
    {
        var path = Path.Combine(folder, "url");
        if (!File.Exists(path)) throw new SecretFault("it has no entry `url`");
        return File.ReadAllText(path).Trim();
    }

    private static RedisTls TlsOf(string folder)
    {
        var (ca, certificate, key) = (Path.Combine(folder, "ca.crt"), Path.Combine(folder, "tls.crt"), Path.Combine(folder, "tls.key"));
        var roots = new X509Certificate2Collection();
        if (File.Exists(ca)) roots.ImportFromPemFile(ca);
        if (File.Exists(ca) && roots.Count == 0) throw new SecretFault("its ca.crt holds no certificate in PEM form");
        return new RedisTls
        {
            TrustedRoots = File.Exists(ca) ? roots : null,
            ClientCertificate = File.Exists(certificate) && File.Exists(key) ? X509Certificate2.CreateFromPemFile(certificate, key) : null,
        };
    }
}
