using System.Text.Json.Nodes;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>The tiers that exist.</summary>
public sealed record TiersDocument
{
    [Field("The sidecar's own memory: the fastest tier, gone with the process.")]
    public MemoryDocument? Memory { get; init; }

    [Field("Local disk: journal and overflow of memory.")]
    public SpilloverDocument? Spillover { get; init; }

    [Field("A Redis shared by the pods.")]
    public RedisDocument? Redis { get; init; }

    [Field("A PostgreSQL: the durable tier.")]
    public PostgresDocument? Postgres { get; init; }
}

/// <summary>The memory tier.</summary>
public sealed record MemoryDocument
{
    [Field("Hard: values, keys and overhead together. Less is taken over live; for more the pod needs a new limit.", Default = "256Mi", Min = "1Mi", RestartBoundUpward = true)]
    public Quantity? Capacity { get; init; }

    [Field("How long a session stays after its last access.", Default = "5h", Min = "1s")]
    public Duration? Ttl { get; init; }

    [Field("More sessions than this evict; 0 is unlimited.", Default = "0", Min = "0", Max = "2147483647")]
    public int? MaxSessions { get; init; }

    [Field("A session with more items than this is refused with 422; 0 is unlimited.", Default = "0", Min = "0", Max = "2147483647")]
    public int? MaxItemsPerSession { get; init; }

    [Field("Whole sessions are evicted from this share of the capacity …", Default = "90", Min = "1", Max = "100")]
    public int? EvictAtPercent { get; init; }

    [Field("… down to this one, which must be less.", Default = "80", Min = "0", Max = "99")]
    public int? EvictToPercent { get; init; }

    [Field("The measure by which sessions are chosen.", Default = "Adaptive")]
    public EvictionKind? Eviction { get; init; }
}

/// <summary>The disk tier.</summary>
public sealed record SpilloverDocument
{
    [Field("Hard: everything under the data folder. Less is taken over live; for more the pod needs a new volume.", Default = "4Gi", Min = "16Mi", RestartBoundUpward = true)]
    public Quantity? Capacity { get; init; }

    [Field("How long a session stays after its last access.", Default = "7d", Min = "1s")]
    public Duration? Ttl { get; init; }

    [Field("Mirror: every write is on disk too. Overflow: only what memory evicts.", Default = "Mirror")]
    public SpilloverMode? Mode { get; init; }

    [Field("The coldest sessions leave the disk from this share of the capacity.", Default = "90", Min = "1", Max = "100")]
    public int? EvictAtPercent { get; init; }

    [Field("How values are compressed; Auto decides by size and measured gain.", Default = "Auto")]
    public CompressionKind? Compression { get; init; }

    [Field("AES-256-GCM under keys of a Secret: several by id, the newest writes, all read.", DefaultNote = "clear text")]
    public EncryptionDocument? Encryption { get; init; }

    [Field("What the data folder stands on.", DefaultNote = "`{emptyDir: {}}`", RestartBound = true)]
    public VolumeDocument? Volume { get; init; }

    [Field("Sessions spilled per round.", Default = "10", Min = "1", Max = "100000")]
    public int? Batch { get; init; }

    [Field("A round at least this often.", Default = "30s", Min = "100ms", Max = "1d")]
    public Duration? Interval { get; init; }
}

/// <summary>Encryption at rest.</summary>
public sealed record EncryptionDocument
{
    [Field("The Secret with the keys: one entry each, 32 bytes, the entry `current` naming the one that writes.", Required = true)]
    public SecretReferenceDocument? KeySecretRef { get; init; }
}

/// <summary>A Secret of the policy's namespace.</summary>
public sealed record SecretReferenceDocument
{
    [Field("The Secret's name; standalone, a folder under `--secrets`.", Required = true, Pattern = "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", PatternHint = "lower-case letters, digits, '-' and '.', at most 253, starting and ending with a letter or digit")]
    public string? Name { get; init; }
}

/// <summary>What the data folder stands on: exactly one.</summary>
public sealed record VolumeDocument
{
    [Field("Kubernetes' emptyDir: survives the container, not the pod.")]
    public EmptyDirDocument? EmptyDir { get; init; }

    [Field("Kubernetes' ephemeral volumeClaimTemplate, kept as written.")]
    public JsonNode? VolumeClaimTemplate { get; init; }
}

/// <summary>Kubernetes' emptyDir. Its sizeLimit follows from the tier's capacity.</summary>
public sealed record EmptyDirDocument
{
    [Field("`Memory` for a tmpfs; empty for the node's disk.", Pattern = "^(Memory|)$", PatternHint = "Memory, or nothing")]
    public string? Medium { get; init; }
}
