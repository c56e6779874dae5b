using TierOperator.Policy.Compiled;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>One rule: which sessions, and how they live.</summary>
public sealed record RuleDocument
{
    [Field("The rule's name, in answers and metrics. `default` is the implicit last rule's.", Required = true, Max = "63", Pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", PatternHint = "lower-case letters, digits and '-', at most 63, starting and ending with a letter or digit")]
    public string? Name { get; init; }

    [Field("What the rule takes; without it, everything.")]
    public RuleMatchDocument? Match { get; init; }

    [Field("The tiers that hold what the rule takes.", DefaultNote = "all that are declared; for MemoryOnly, memory", Min = "1", Set = true)]
    public IReadOnlyList<TierName>? Tiers { get; init; }

    [Field("The strategy: what Redis holds of a session.", DefaultNote = "`defaults.sessionStrategy`, or `defaults.interactionStrategy` where the rule has a parent", Max = "63")]
    public string? Strategy { get; init; }

    [Field("Through: lower tiers at once. Behind: by the sync loop. Around: not into memory. MemoryOnly: nowhere else.", Default = "Through")]
    public WriteMode? Write { get; init; }

    [Field("What must hold a write before it is answered.", DefaultNote = "`Disk` where spillover is declared as Mirror and the rule uses it; else `Memory`; else, for a rule without memory, the first tier that it writes to")]
    public AckLevel? Ack { get; init; }

    [Field("What a caller gets when a tier that is needed cannot answer.", Default = "Degrade")]
    public TierFailure? OnTierFailure { get; init; }

    [Field("Accesses before a colder tier's session is loaded into memory.", Default = "1", Min = "1", Max = "1000000")]
    public int? PromoteAfter { get; init; }

    [Field("When sessions move down a tier without pressure.", DefaultNote = "only under pressure")]
    public DemoteAfterDocument? DemoteAfter { get; init; }

    [Field("What is loaded before it is asked for.", DefaultNote = "nothing")]
    public PreloadDocument? Preload { get; init; }

    [Field("The session that this one is deleted with; `{1}` is what the first `*` of the session glob took.", DefaultNote = "none", Min = "1", Max = "512")]
    public string? Parent { get; init; }

    [Field("How long this rule's sessions stay in each tier.", DefaultNote = "the tiers' own")]
    public RuleTtlDocument? Ttl { get; init; }

    [Field("Which of two conflicting versions wins.", Default = "LatestWins")]
    public ConflictStrategy? OnConflict { get; init; }

    [Field("The order of trust for SourcePriority, the most trusted first.", DefaultNote = "postgres, redis, spillover, memory", Min = "1")]
    public IReadOnlyList<TierName>? SourcePriority { get; init; }

    [Field("The category by which retention names this data.", DefaultNote = "none", Pattern = "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$", PatternHint = "letters, digits, '-', '_' and '.', at most 63")]
    public string? DataCategory { get; init; }

    [Field("Personal data.", DefaultNote = "none")]
    public PiiDocument? Pii { get; init; }

    [Field("What Redis clients see.", Default = "{}")]
    public RuleRespDocument? Resp { get; init; }
}

/// <summary>What a rule takes: all of it must hold.</summary>
public sealed record RuleMatchDocument
{
    [Field("Globs over the session's id, one of which must match; `*` takes any run, `?` one byte.", DefaultNote = "`[\"*\"]`", Min = "1", Max = "100", Set = true)]
    public IReadOnlyList<string>? Sessions { get; init; }

    [Field("Globs over the item's name, one of which must match. They narrow where items are placed, no more.", DefaultNote = "`[\"*\"]`", Min = "1", Max = "100", Set = true)]
    public IReadOnlyList<string>? Items { get; init; }

    [Field("Conditions over the session's JSON fields, as they are after the write; all must hold.", Max = "50")]
    public IReadOnlyList<WhereDocument>? Where { get; init; }
}

/// <summary>One condition over a JSON field.</summary>
public sealed record WhereDocument
{
    [Field("The field: an item's name, or a path into one (`context.email`).", Required = true, Min = "1", Max = "512")]
    public string? Field { get; init; }

    [Field("How the field is compared.", Required = true)]
    public WhereOperator? Operator { get; init; }

    [Field("For In and NotIn one or more, for Gt and Lt one number, else none.", Set = true, Max = "1000")]
    public IReadOnlyList<ScalarText>? Values { get; init; }
}

/// <summary>When sessions move down a tier without pressure.</summary>
public sealed record DemoteAfterDocument
{
    [Field("Older than this since the last access.", DefaultNote = "no limit", Min = "1s")]
    public Duration? Age { get; init; }

    [Field("Beyond this many sessions of the rule, the oldest.", DefaultNote = "no limit", Min = "1", Max = "2147483647")]
    public int? Count { get; init; }
}

/// <summary>What is loaded before it is asked for.</summary>
public sealed record PreloadDocument
{
    [Field("Globs over session ids to load at start.", DefaultNote = "none", Min = "1", Max = "100", Set = true)]
    public IReadOnlyList<string>? Sessions { get; init; }

    [Field("The session likely needed after this one: a template over its fields (`{userId}`) and glob parts (`{1}`).", DefaultNote = "none", Min = "1", Max = "512")]
    public string? Related { get; init; }
}

/// <summary>How long a rule's sessions stay in each tier, from last access.</summary>
public sealed record RuleTtlDocument
{
    [Field("In memory.", DefaultNote = "`tiers.memory.ttl`", Min = "1s")]
    public Duration? Memory { get; init; }

    [Field("On disk.", DefaultNote = "`tiers.spillover.ttl`", Min = "1s")]
    public Duration? Spillover { get; init; }

    [Field("In Redis.", DefaultNote = "`tiers.redis.ttl`", Min = "1s")]
    public Duration? Redis { get; init; }

    [Field("In PostgreSQL.", DefaultNote = "`tiers.postgres.retention`", Min = "1s")]
    public Duration? Postgres { get; init; }
}

/// <summary>Personal data.</summary>
public sealed record PiiDocument
{
    [Field("JSON paths masked in search, export previews, logs and outside production.", Required = true, Min = "1", Max = "200", Set = true, Pattern = "^[^\\s.]+(\\.[^\\s.]+)*$", PatternHint = "a path of names joined by '.', such as context.email")]
    public IReadOnlyList<string>? Mask { get; init; }
}

/// <summary>What Redis clients see.</summary>
public sealed record RuleRespDocument
{
    [Field("What a Redis client gets where HTTP answers 202.", Default = "Fail")]
    public DegradedAnswer? Degraded { get; init; }
}
