using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>One change to one session, whole or not at all. Every write of every listener becomes one of these.</summary>
internal sealed record SessionMutation(ReadOnlyMemory<byte> Key)
{
    public IReadOnlyList<ItemWrite> Puts { get; init; } = [];
    public IReadOnlyList<ReadOnlyMemory<byte>> Deletes { get; init; } = [];

    /// <summary>What was there goes; only the puts remain.</summary>
    public bool Replace { get; init; }

    /// <summary>The session goes.</summary>
    public bool Delete { get; init; }
    public WriteOptions Options { get; init; }

    /// <summary>The item that the precondition is about; null for the whole session.</summary>
    public ReadOnlyMemory<byte>? ConditionItem { get; init; }

    /// <summary>Decides puts and deletes on the present state, with the session held still.</summary>
    public Func<SessionSnapshot?, SessionChange>? Decide { get; init; }

    /// <summary>The header of a session that comes back from a checkpoint: its age and kind go with it. Null otherwise.</summary>
    public SessionHeader? Restored { get; init; }

    /// <summary>Gives back the large values of the puts, where nobody took them over.</summary>
    public void Release()
    {
        foreach (var put in Puts) put.Value.Release();
    }
}

/// <summary>An item as planned: its version and where it goes.</summary>
internal readonly record struct PlannedPut(ItemWrite Write, bool ToMemory, bool ToDisk);

/// <summary>What a mutation will do, decided before anything changes.</summary>
internal sealed class SessionPlan
{
    public required SessionMutation Mutation { get; init; }
    public required WriteStatus Status { get; init; }
    public string? Detail { get; init; }
    public ActiveRule? Rule { get; init; }

    /// <summary>The header after the change.</summary>
    public SessionHeader? Header { get; init; }
    public ItemVersion Version { get; init; }
    public IReadOnlyList<PlannedPut> Puts { get; init; } = [];
    public IReadOnlyList<ReadOnlyMemory<byte>> Deletes { get; init; } = [];

    public bool IsRefused => Status is not (WriteStatus.Created or WriteStatus.Replaced);

    public WriteOutcome Refusal => new(Status) { Rule = Rule?.Rule, Detail = Detail, Version = Version };
}
