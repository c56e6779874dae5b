using System.Collections.Immutable;
using TierOperator.Tiering;

namespace TierOperator.TestKit.Model;

/// <summary>An item as the oracle believes it to be.</summary>
public sealed record ModelItem(ModelValue Value, string ContentType, ItemVersion Version);

/// <summary>How long sessions live under a rule, and how little the disk may know of accesses.</summary>
/// <param name="ShortestMs">The sliding deadline, the shortest of those that the run's policies set.</param>
/// <param name="LongestMs">The same, the longest.</param>
/// <param name="TellEveryMs">An access this recent may be one that the disk has not heard of.</param>
public readonly record struct ModelTimes(long ShortestMs, long LongestMs, long TellEveryMs);

/// <summary>
/// One possible state of a session. What is not known for sure (which accesses the disk has heard of) stands as an
/// interval; an engine that contradicts every possible state is wrong.
/// </summary>
public sealed record SessionWorld
{
    public static readonly SessionWorld Empty = new();

    public ImmutableSortedDictionary<string, ModelItem> Items { get; init; } = ImmutableSortedDictionary.Create<string, ModelItem>(StringComparer.Ordinal);

    /// <summary>The absolute deadline, where one was set.</summary>
    public long? ExplicitMs { get; init; }

    /// <summary>The last access that every copy surely knows of, and the last that one may know of.</summary>
    public long AccessLowMs { get; init; }
    public long AccessHighMs { get; init; }

    /// <summary>The clock has once stood at its end and was set back since: nobody knows.</summary>
    public bool IsDoubtful { get; init; }

    /// <summary>Seen gone, because its time was over. Only a clock that is set back can bring it back.</summary>
    public bool IsGone { get; init; }

    public long SurelyUntilMs(ModelTimes times) => Math.Min(ExplicitMs ?? long.MaxValue, AccessLowMs + times.ShortestMs);

    public long AtMostUntilMs(ModelTimes times) => ExplicitMs ?? AccessHighMs + times.LongestMs;

    public SessionWorld Read(long nowMs, ModelTimes times) => this with
    {
        AccessLowMs = Math.Max(AccessLowMs, nowMs - times.TellEveryMs),
        AccessHighMs = Math.Max(AccessHighMs, nowMs),
        IsDoubtful = false,
    };

    public SessionWorld Written(long nowMs, TimeSpan? ttl) => this with
    {
        AccessLowMs = nowMs,
        AccessHighMs = nowMs,
        ExplicitMs = ttl is { } explicitly ? nowMs + (long)explicitly.TotalMilliseconds : ExplicitMs,
        IsDoubtful = false,
    };

    public bool SameAs(SessionWorld other)
        => (ExplicitMs, AccessLowMs, AccessHighMs, IsDoubtful, IsGone) == (other.ExplicitMs, other.AccessLowMs, other.AccessHighMs, other.IsDoubtful, other.IsGone)
           && Items.SequenceEqual(other.Items);

    public override string ToString()
        => $"{(IsGone ? "gone " : "")}{(IsDoubtful ? "doubtful " : "")}access {AccessLowMs}..{AccessHighMs} explicit {ExplicitMs} {{{string.Join(", ", Items.Select(item => $"{item.Key}=#{item.Value.Value.Id}[{item.Value.Value.Length}]@{item.Value.Version}"))}}}";
}
