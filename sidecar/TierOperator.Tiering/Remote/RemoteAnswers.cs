using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Remote;

public enum RemoteReadStatus
{
    Found,

    /// <summary>The tier knows that there is none: no session, a tombstone, or a whole session without this item.</summary>
    NotFound,

    /// <summary>It holds a projection or a part without the item: that proves nothing.</summary>
    NotHeld,

    /// <summary>It did not answer in time, or cannot.</summary>
    Unavailable,
}

/// <summary>One item as a remote tier has it. The reader releases the value.</summary>
public readonly record struct RemoteItem(RemoteReadStatus Status)
{
    public SessionHeader? Header { get; init; }
    public ItemSnapshot Item { get; init; }

    /// <summary>With NotFound: the tier remembers that the session was deleted, so that no slower tier is to be asked.</summary>
    public bool IsDeleted { get; init; }
}

/// <summary>What a remote tier has of a session. The reader releases the items.</summary>
public sealed record RemoteSession(RemoteReadStatus Status)
{
    /// <summary>Null unless found.</summary>
    public SessionSnapshot? Session { get; init; }

    /// <summary>True: only the items that a strategy lists, or those written since the tier forgot the rest; never to be taken for the session.</summary>
    public bool IsProjection { get; init; }

    /// <summary>The newest change that the tier has of this session, deletes and its floor included; none when it knows nothing.</summary>
    public ItemVersion Newest { get; init; }

    /// <summary>Items that the tier remembers as removed, and since when; null for none. A slower tier may hold them still.</summary>
    public IReadOnlyDictionary<byte[], ItemVersion>? Removed { get; init; }

    /// <summary>An item of that version was removed since, or went with all that was there before.</summary>
    internal bool Outdates(byte[] item, ItemVersion version)
        => version < Floor || (Removed is { } removed && removed.TryGetValue(item, out var removedAt) && removedAt > version);

    /// <summary>Set by the engine: items that this sidecar has changed and the tier has yet to hear of.</summary>
    internal IReadOnlySet<byte[]>? Owed { get; init; }

    /// <summary>Set by the engine: items whose write here is yet to be compared with others' (<c>onConflict</c>); until then it stays.</summary>
    internal IReadOnlySet<byte[]>? Undecided { get; init; }

    internal bool IsUndecided(byte[] item) => Undecided?.Contains(item) == true;

    /// <summary>Set by the engine: the tier has yet to hear of all that this sidecar holds.</summary>
    internal bool OwesAll { get; init; }

    internal bool IsOwed(byte[] item) => OwesAll || Owed?.Contains(item) == true;

    /// <summary>The floor that a delete or replace left, also where the session is gone (a tombstone).</summary>
    public ItemVersion Floor { get; init; }
}

public enum RemoteStatus
{
    /// <summary>It stands there now.</summary>
    Applied,

    /// <summary>Something newer stands there: nothing of the change was needed.</summary>
    Older,

    /// <summary>The precondition does not hold there; nothing was changed.</summary>
    ConditionFailed,

    /// <summary>The condition cannot be decided there: the tier has only a part of the session. Send it whole, then ask again.</summary>
    Undecided,

    /// <summary>This change can never be taken (too large, against the schema): a dead letter. <see cref="RemoteResult.Detail"/> says why.</summary>
    Refused,

    /// <summary>Not now: away, frozen, full, read-only. It may have happened; applying again is harmless.</summary>
    Unavailable,
}

/// <summary>What became of one change.</summary>
public readonly record struct RemoteResult(RemoteStatus Status)
{
    /// <summary>Whether what was written (the condition's item, else the session) was there before; null where not known.</summary>
    public bool? Existed { get; init; }

    /// <summary>The newest version that the tier holds of the session afterwards.</summary>
    public ItemVersion Newest { get; init; }

    /// <summary>With Unavailable: the server did answer, and said that it takes no writes now (full, read-only). It still reads.</summary>
    public bool IsAnswered { get; init; }

    /// <summary>With Unavailable: the server did answer, with an error that speaks of this change. Again and again, it is a refusal.</summary>
    public bool IsObjection { get; init; }

    /// <summary>With Unavailable: the part of the tier that has this session does not answer; others do.</summary>
    public bool IsPartAway { get; init; }
    public string? Detail { get; init; }
}

/// <summary>A page of keys. <see cref="Status"/> is Found or Unavailable.</summary>
public sealed record RemoteListing(RemoteReadStatus Status, IReadOnlyList<RemoteListed> Sessions);

/// <summary>One line of a remote listing. Bytes as stored; 0 where the tier does not know cheaply.</summary>
public sealed record RemoteListed(byte[] Key, int Items, long Bytes, long LastAccessMs);
