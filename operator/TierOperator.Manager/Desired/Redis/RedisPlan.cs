using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Desired.Redis;

/// <summary>A managed Redis with every default filled in that depends on another field.</summary>
internal sealed record RedisPlan(PolicyObject Policy, ManagedRedisDocument Document, BackendSettings Settings)
{
    public const int Port = 6379;
    public const int SentinelPort = 26379;
    public const int BusPort = 16379;
    public const int Sentinels = 3;
    public const int User = 999;
    public const string Component = "redis";
    public const string SentinelComponent = "redis-sentinel";

    /// <summary>The name by which Sentinels know the primary.</summary>
    public const string MasterName = "tier";

    public string Name { get; } = ObjectNames.Backend(Policy.Name, Component);
    public string SentinelName { get; } = ObjectNames.Backend(Policy.Name, SentinelComponent);

    public RedisTopology Topology => Document.Topology!.Value;
    public bool HasTls => Document.Tls == TlsMode.Required;
    public bool HasDisk => Document.Persistence != RedisPersistence.None;
    public int Shards => Topology == RedisTopology.Cluster ? Document.Shards ?? 3 : 1;

    public int Replicas => Document.Replicas ?? Topology switch
    {
        RedisTopology.Standalone => 0,
        RedisTopology.Replicated => 2,
        _ => 1,
    };

    public int Nodes => Shards * (1 + Replicas);

    public string Image => $"{Settings.RedisImage}:{Document.Version}";

    /// <summary>What one node holds at most: the tier trims itself to its capacity, and a quarter is left for what it is about to trim.</summary>
    public long MemoryBytes => Policy.RunningSpec.Tiers!.Redis!.Capacity!.Value.Bytes / Shards / 4 * 5;

    /// <summary>The name of a node that the others reach it by.</summary>
    public string Host(int node) => $"{Name}-{node}.{Name}-nodes.{Policy.Namespace}.svc.{Settings.ClusterDomain}";

    public string SentinelHost(int node) => $"{SentinelName}-{node}.{SentinelName}-nodes.{Policy.Namespace}.svc.{Settings.ClusterDomain}";

    public string SentinelService => $"{SentinelName}.{Policy.Namespace}.svc.{Settings.ClusterDomain}";
}
