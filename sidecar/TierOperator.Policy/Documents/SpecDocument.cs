using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>The policy itself.</summary>
public sealed record SpecDocument
{
    [Field("The pods that get the sidecar, by their labels. Without it only pods that name the policy get it.")]
    public SelectorDocument? Selector { get; init; }

    [Field("The tiers that exist: one that is not declared does not. At least one.", Required = true)]
    public TiersDocument? Tiers { get; init; }

    [Field("What rules without a strategy of their own use.", Default = "{}")]
    public StrategyDefaultsDocument? Defaults { get; init; }

    [Field("What of a session the shared cache holds, by name. CriticalOnly, WithContext, FullSession, ResponseOnly, WithRequest, FullInteraction and None are built in; one of the same name replaces it, but for None.", Max = "100", Pattern = "^[A-Za-z][A-Za-z0-9-]{0,62}$", PatternHint = "letters, digits and '-', starting with a letter, at most 63")]
    public IReadOnlyDictionary<string, StrategyDocument>? Strategies { get; init; }

    [Field("Which sessions live where. The first that matches wins; an implicit last rule named `default` takes the rest.", Max = "500")]
    public IReadOnlyList<RuleDocument>? Rules { get; init; }

    [Field("Read-through: upstream services that the sidecar proxies and caches.", Max = "200")]
    public IReadOnlyList<RouteDocument>? Routes { get; init; }

    [Field("When data of a category is deleted, archived or folded.", Max = "200")]
    public IReadOnlyList<RetentionDocument>? Retention { get; init; }

    [Field("How writes reach Redis and PostgreSQL.", Default = "{}")]
    public SyncDocument? Sync { get; init; }

    [Field("The sidecar's container.", Default = "{}")]
    public SidecarDocument? Sidecar { get; init; }

    [Field("The Redis protocol listener.", Default = "{}")]
    public RespDocument? Resp { get; init; }

    [Field("How a change reaches the pods.", Default = "{}")]
    public RolloutDocument? Rollout { get; init; }

    [Field("What becomes of managed backends and their volumes with the policy.", Default = "Retain")]
    public DeletionPolicy? DeletionPolicy { get; init; }
}

/// <summary>Kubernetes' label selector.</summary>
public sealed record SelectorDocument
{
    [Field("Labels that a pod must carry, each with this value.")]
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    [Field("Conditions over a pod's labels; all must hold.", Max = "50")]
    public IReadOnlyList<LabelExpressionDocument>? MatchExpressions { get; init; }
}

/// <summary>One condition over a pod's labels.</summary>
public sealed record LabelExpressionDocument
{
    [Field("The label's key.", Required = true, Min = "1", Max = "317")]
    public string? Key { get; init; }

    [Field("How the label is compared.", Required = true)]
    public LabelOperator? Operator { get; init; }

    [Field("The values for In and NotIn; none for Exists and DoesNotExist.", Set = true, Max = "100")]
    public IReadOnlyList<string>? Values { get; init; }
}

/// <summary>The strategies that rules without one use.</summary>
public sealed record StrategyDefaultsDocument
{
    [Field("For sessions.", Default = "CriticalOnly", Max = "63")]
    public string? SessionStrategy { get; init; }

    [Field("For interactions: sessions that have a parent.", Default = "ResponseOnly", Max = "63")]
    public string? InteractionStrategy { get; init; }
}

/// <summary>A projection: what Redis holds of a session.</summary>
public sealed record StrategyDocument
{
    [Field("The items that Redis holds; `*` for all.", Required = true, Min = "1", Max = "200", Set = true)]
    public IReadOnlyList<string>? Items { get; init; }

    [Field("How long Redis holds them, from last access.", DefaultNote = "the ttl of the redis tier", Min = "1s")]
    public Duration? Ttl { get; init; }
}

/// <summary>How writes reach Redis and PostgreSQL.</summary>
public sealed record SyncDocument
{
    [Field("The longest that a write under Behind waits for its turn.", Default = "30s", Min = "100ms", Max = "1d")]
    public Duration? Interval { get; init; }

    [Field("The most changes sent in one round trip.", Default = "500", Min = "1", Max = "10000")]
    public int? Batch { get; init; }

    [Field("The most round trips under way at once.", Default = "10", Min = "1", Max = "256")]
    public int? Parallelism { get; init; }

    [Field("How long one round trip may take.", Default = "2s", Min = "10ms", Max = "5m")]
    public Duration? Timeout { get; init; }

    [Field("How much may wait on disk for a tier that is away; past it writes get 429.", Default = "1Gi", Min = "1Mi")]
    public Quantity? MaxBacklog { get; init; }

    [Field("By what sidecars tell each other of writes. Auto: RESP3 tracking where the server has it, else pub/sub, else LISTEN/NOTIFY.", Default = "Auto")]
    public Backplane? Backplane { get; init; }

    [Field("How long a delete is remembered, so that a late replay cannot resurrect.", Default = "7d", Min = "1m", Max = "10y")]
    public Duration? Tombstones { get; init; }
}

/// <summary>The Redis protocol listener.</summary>
public sealed record RespDocument
{
    [Field("Whether FLUSHALL and FLUSHDB may delete this policy's keys.", DefaultNote = "`true`; `false` where postgres is declared")]
    public bool? AllowFlush { get; init; }
}

/// <summary>How a change reaches the pods.</summary>
public sealed record RolloutDocument
{
    [Field("How many pods may take a new revision at once.", Default = "25%")]
    public CountOrPercent? MaxUnavailable { get; init; }

    [Field("Holds new revisions back.", Default = "false")]
    public bool? Paused { get; init; }

    [Field("Evicts pods politely, where a RestartBound field changed.", Default = "false")]
    public bool? Restart { get; init; }
}
