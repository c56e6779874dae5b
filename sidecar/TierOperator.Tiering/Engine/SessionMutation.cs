using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
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

    /// <summary>With <see cref="Delete"/>: it goes after its parent, and whoever does that looks after its own children.</summary>
    public bool IsChild { get; init; }
    public WriteOptions Options { get; init; }

    /// <summary>The item that the precondition is about; null for the whole session.</summary>
    public ReadOnlyMemory<byte>? ConditionItem { get; init; }

    /// <summary>Decides puts and deletes on the present state, with the session held still.</summary>
    public Func<SessionSnapshot?, SessionChange>? Decide { get; init; }

    /// <summary>Decides the whole mutation on the present state; null: nothing is to be done.</summary>
    public Func<SessionSnapshot?, SessionMutation?>? Rewrite { get; init; }

    /// <summary>The header of a session that comes back from a checkpoint: its age and kind go with it. Null otherwise.</summary>
    public SessionHeader? Restored { get; init; }

    /// <summary>What a shared tier has of the session, to be merged into what is here; null for a caller's write.</summary>
    public RemoteSession? Adopted { get; init; }

    /// <summary>With an answer of a shared tier: the moment before it was asked for. What changed here since makes the answer void.</summary>
    public long AskedAt { get; init; } = long.MaxValue;

    /// <summary>The version that a shared tier has decided on; null lets the planner give one.</summary>
    public ItemVersion? Decided { get; init; }

    /// <summary>With <see cref="Decided"/>: how it was planned there, on all that the tiers hold of the session. Null where nothing but the version is known.</summary>
    public SessionPlan? Planned { get; init; }

    /// <summary>Shared tiers that have the change already.</summary>
    public TierSet SettledIn { get; init; }

    /// <summary>Every shared tier was asked and has no such session: a new one is whole.</summary>
    public bool IsKnownAbsent { get; init; }

    /// <summary>What the session is from now on (<see cref="SessionHeader.Kind"/>); null leaves it as it is.</summary>
    public byte? Kind { get; init; }

    /// <summary>Written once more, behind what another sidecar wrote before it with a clock that is ahead (<see cref="TierEngine"/>).</summary>
    public bool IsRestamped { get; init; }

    /// <summary>A caller's write that asks nothing of what is there.</summary>
    public bool IsBlind => Options.Condition.IsNone && Decided is null && Restored is null;

    /// <summary>Gives back the large values of the puts, where nobody took them over.</summary>
    public void Release()
    {
        foreach (var put in Puts) put.Value.Release();
    }
}

/// <summary>An item as planned: its version and where it goes.</summary>
internal readonly record struct PlannedPut(ItemWrite Write, ItemVersion Version, bool ToMemory, bool ToDisk);

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

    /// <summary>The version that each changed item had before; null where the rule settles conflicts by the latest write.</summary>
    public IReadOnlyDictionary<byte[], ItemVersion>? Seen { get; init; }

    /// <summary>None where the item was not there; null where it does not matter.</summary>
    public ItemVersion? SeenOf(ReadOnlyMemory<byte> item) => Seen is null ? null : Seen.GetValueOrDefault(item.ToArray());

    /// <summary>What shared tiers have was merged; nothing of it is news to them.</summary>
    public bool IsAdoption => Mutation.Adopted is not null;

    /// <summary>An adoption that found nothing new.</summary>
    public bool IsNoChange { get; init; }

    public bool IsRefused => Status is not (WriteStatus.Created or WriteStatus.Replaced);

    public WriteOutcome Refusal => new(Status) { Rule = Rule?.Rule, Detail = Detail, Version = Version };
}
