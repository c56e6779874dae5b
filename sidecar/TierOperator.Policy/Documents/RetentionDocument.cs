using TierOperator.Policy.Compiled;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>One retention entry: what becomes of a category's data, and when.</summary>
public sealed record RetentionDocument
{
    [Field("The category, as rules name it.", Required = true, Pattern = "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$", PatternHint = "letters, digits, '-', '_' and '.', at most 63")]
    public string? DataCategory { get; init; }

    [Field("What is done.", Required = true)]
    public RetentionAction? Action { get; init; }

    [Field("Selects sessions whose last write is older. At least one of after, maxBytes and maxCount.", Min = "1s")]
    public Duration? After { get; init; }

    [Field("Selects the oldest sessions beyond this size.", Min = "1")]
    public Quantity? MaxBytes { get; init; }

    [Field("Selects the oldest sessions beyond this many.", Min = "1")]
    public long? MaxCount { get; init; }

    [Field("Selects only sessions whose JSON fields meet all of these.", Max = "50")]
    public IReadOnlyList<WhereDocument>? Where { get; init; }

    [Field("Into what Aggregate folds; needed there, and a fault elsewhere.")]
    public AggregateDocument? Into { get; init; }

    [Field("Spares what is under legal hold.", DefaultNote = "nothing is spared")]
    public LegalHoldDocument? LegalHold { get; init; }
}

/// <summary>Into what Aggregate folds the sessions that it selects.</summary>
public sealed record AggregateDocument
{
    [Field("One row per value of these fields; `day` is the day of the last write.", Required = true, Min = "1", Max = "20", Set = true)]
    public IReadOnlyList<string>? By { get; init; }

    [Field("Number fields that are summed.", Max = "50", Set = true)]
    public IReadOnlyList<string>? Sum { get; init; }

    [Field("Whether the sessions are counted.", Default = "false")]
    public bool? Count { get; init; }
}

/// <summary>Spares what is under legal hold.</summary>
public sealed record LegalHoldDocument
{
    [Field("Sessions in which this JSON field is true are spared.", Required = true, Min = "1", Max = "512")]
    public string? Label { get; init; }
}
