using TierOperator.Policy.Compiled;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>The Redis tier.</summary>
public sealed record RedisDocument
{
    [Field("How long a session stays; renewed on access.", Default = "24h", Min = "1s")]
    public Duration? Ttl { get; init; }

    [Field("How much of the server this policy may fill; the tier trims itself.", Default = "1Gi", Min = "1Mi")]
    public Quantity? Capacity { get; init; }

    [Field("How long an answer may take before the tier counts as away.", Default = "50ms", Min = "1ms", Max = "1m")]
    public Duration? Timeout { get; init; }

    [Field("How values are compressed; Auto decides by size and measured gain.", Default = "Auto")]
    public CompressionKind? Compression { get; init; }

    [Field("A Redis that the operator runs. Exactly one of managed and external.")]
    public ManagedRedisDocument? Managed { get; init; }

    [Field("A Redis that somebody else runs. Exactly one of managed and external.")]
    public ExternalRedisDocument? External { get; init; }
}

/// <summary>A Redis that the operator runs.</summary>
public sealed record ManagedRedisDocument
{
    [Field("The server's version.", Default = "7", Pattern = "^[0-9]+(\\.[0-9]+){0,2}$", PatternHint = "a version such as \"7\" or \"7.2\"")]
    public string? Version { get; init; }

    [Field("Standalone, Replicated (with three Sentinels) or Cluster.", Default = "Standalone")]
    public RedisTopology? Topology { get; init; }

    [Field("What it keeps on its disk.", Default = "None")]
    public RedisPersistence? Persistence { get; init; }

    [Field("The size of its volume.", Default = "1Gi", Min = "1Mi")]
    public Quantity? Storage { get; init; }

    [Field("Whether connections are encrypted.", Default = "Off")]
    public TlsMode? Tls { get; init; }

    [Field("The shards of a Cluster.", DefaultNote = "`3` for Cluster", Min = "3", Max = "100")]
    public int? Shards { get; init; }

    [Field("The replicas of the primary, or of each shard.", DefaultNote = "`0` for Standalone, `2` for Replicated, `1` for Cluster", Min = "0", Max = "5")]
    public int? Replicas { get; init; }
}

/// <summary>A Redis that somebody else runs.</summary>
public sealed record ExternalRedisDocument
{
    [Field("The Secret whose entry `url` says where and as whom (redis://, rediss://, redis+sentinel://).", Required = true)]
    public SecretReferenceDocument? SecretRef { get; init; }

    [Field("Its shape.", Default = "Standalone")]
    public ExternalRedisTopology? Topology { get; init; }
}
