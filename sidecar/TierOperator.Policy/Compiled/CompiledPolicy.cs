namespace TierOperator.Policy.Compiled;

/// <summary>
/// A policy as the data plane runs it: immutable, safe for any number of threads, and its matchers allocate nothing.
/// Made only by the compiler; never serialised (the canonical document is).
/// </summary>
public sealed record CompiledPolicy
{
    public required string Name { get; init; }
    public required string Namespace { get; init; }

    /// <summary>SHA-256 of the canonical snapshot, lower-case hexadecimal, 64 characters.</summary>
    public required string Revision { get; init; }

    public CompiledMemory? Memory { get; init; }
    public CompiledSpillover? Spillover { get; init; }

    /// <summary>In document order; the last is the implicit rule named <c>default</c>, which takes the rest.</summary>
    public required IReadOnlyList<CompiledRule> Rules { get; init; }

    /// <summary>The routes, in document order.</summary>
    public IReadOnlyList<CompiledRoute> Routes { get; init; } = [];

    /// <summary>The rules of the reserved keys, in which routes keep responses. Their indexes go on after those of <see cref="Rules"/>.</summary>
    public IReadOnlyList<CompiledRule> RouteRules { get; init; } = [];

    public required IReadOnlyList<CompiledRetention> Retention { get; init; }

    /// <summary>How long a delete is remembered, so that a late replay cannot resurrect.</summary>
    public required TimeSpan Tombstones { get; init; }

    public required RuleMatcher Matcher { get; init; }

    public TierSet DeclaredTiers { get; init; }

    /// <summary>How much may wait for a tier that is away, in bytes.</summary>
    public long MaxBacklogBytes { get; init; }

    /// <summary>Every strategy that a write may name, built-in ones included, by name.</summary>
    public IReadOnlyDictionary<string, CompiledStrategy> Strategies { get; init; } = new Dictionary<string, CompiledStrategy>();

    /// <summary>The document with the model's defaults filled in: what has no compiled form of its own yet is read here.</summary>
    public Documents.TierPolicyDocument? Effective { get; init; }
}

/// <summary>A projection: the items that Redis holds of a session, and how long from last access.</summary>
public sealed record CompiledStrategy(string Name, IReadOnlyList<Glob> Items, TimeSpan Ttl);

/// <summary>The memory tier. Sizes in bytes.</summary>
public sealed record CompiledMemory(
    long CapacityBytes, TimeSpan Ttl, int MaxSessions, int MaxItemsPerSession,
    int EvictAtPercent, int EvictToPercent, EvictionKind Eviction);

/// <summary>The disk tier. Sizes in bytes. KeySecret names the folder of encryption keys, null for clear text.</summary>
public sealed record CompiledSpillover(
    long CapacityBytes, TimeSpan Ttl, SpilloverMode Mode, int EvictAtPercent,
    CompressionKind Compression, string? KeySecret, int Batch, TimeSpan Interval)
{
    /// <summary>True where the data folder goes with the pod: <c>ack: Disk</c> then promises the process and container only.</summary>
    public bool IsEmptyDir { get; init; } = true;
}

/// <summary>One rule with every default filled in.</summary>
public sealed record CompiledRule
{
    public required string Name { get; init; }

    /// <summary>Its place in <see cref="CompiledPolicy.Rules"/>.</summary>
    public required int Index { get; init; }
    public required TierSet Tiers { get; init; }
    public required WriteMode Write { get; init; }
    public required AckLevel Ack { get; init; }
    public required TierFailure OnTierFailure { get; init; }
    public required int PromoteAfter { get; init; }

    /// <summary>Sliding residency in memory; <see cref="TimeSpan.Zero"/> where the rule has no memory.</summary>
    public required TimeSpan MemoryTtl { get; init; }

    /// <summary>Sliding residency on disk; <see cref="TimeSpan.Zero"/> where the rule has no spillover.</summary>
    public required TimeSpan SpilloverTtl { get; init; }

    /// <summary>Sliding residency in Redis; <see cref="TimeSpan.Zero"/> where the rule has no Redis.</summary>
    public TimeSpan RedisTtl { get; init; }

    /// <summary>Sliding residency in PostgreSQL; <see cref="TimeSpan.Zero"/> where the rule has no PostgreSQL.</summary>
    public TimeSpan PostgresRetention { get; init; }

    /// <summary>The longest residency among the rule's tiers: the sliding deadline of its sessions.</summary>
    public required TimeSpan Deadline { get; init; }
    public TimeSpan? DemoteAfterAge { get; init; }
    public int? DemoteAfterCount { get; init; }

    /// <summary>Session globs to load at start.</summary>
    public IReadOnlyList<Glob> PreloadSessions { get; init; } = [];

    /// <summary>Template such as <c>{userId}</c>: the session that is likely needed after this one; null for none.</summary>
    public string? PreloadRelated { get; init; }

    /// <summary>The session globs as written, which templates take their parts from.</summary>
    public IReadOnlyList<string> SessionGlobs { get; init; } = ["*"];

    /// <summary>Template such as <c>chat:{1}</c>: the session that this one is deleted with; null for none.</summary>
    public string? Parent { get; init; }
    public required ConflictStrategy OnConflict { get; init; }

    /// <summary>The order of trust for SourcePriority, the most trusted first.</summary>
    public IReadOnlyList<TierSet> SourcePriority { get; init; } = [];

    /// <summary>True where a Redis client gets OK when HTTP answers 202.</summary>
    public bool RespDegradedOk { get; init; }
    public string? DataCategory { get; init; }
    public IReadOnlyList<string> PiiMask { get; init; } = [];
    public string? Strategy { get; init; }

    /// <summary>True where the rule has <c>where</c> conditions over the session's JSON fields.</summary>
    public required bool HasWhere { get; init; }

    /// <summary>True where the rule narrows items (its item globs are not just <c>*</c>).</summary>
    public required bool HasItems { get; init; }
}

/// <summary>One retention entry. Sizes in bytes.</summary>
public sealed record CompiledRetention
{
    public required string DataCategory { get; init; }
    public required RetentionAction Action { get; init; }
    public TimeSpan? After { get; init; }
    public long? MaxBytes { get; init; }
    public long? MaxCount { get; init; }
    public string? LegalHoldLabel { get; init; }
    public IReadOnlyList<WhereCondition> Where { get; init; } = [];
    public CompiledAggregate? Into { get; init; }
}

/// <summary>Into what an <c>Aggregate</c> retention folds the sessions that it selects.</summary>
public sealed record CompiledAggregate(IReadOnlyList<string> By, IReadOnlyList<string> Sum, bool Count);
