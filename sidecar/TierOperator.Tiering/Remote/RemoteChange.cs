using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Remote;

/// <summary>
/// What one tier is to take over of one session. Versions decide, item by item: a put or a removal counts only where its version is
/// above the item's own; an item below the session's floor is gone (one at the floor came with the replacement that set it); floors
/// only rise. So any order, repetition and mixture of changes from several pods ends in the same state.
/// </summary>
/// <remarks>Immutable. The values belong to the caller, who keeps them until the tier has answered.</remarks>
public sealed record RemoteChange(ReadOnlyMemory<byte> Session)
{
    /// <summary>
    /// The header after the change; its <see cref="SessionHeader.Floor"/> is the session's floor: items below it are gone there too.
    /// Of two headers the one with the later access wins, but an explicit deadline follows the newest change. Null deletes what is at or
    /// below <see cref="Floor"/>, which stays as a tombstone; items above it stay.
    /// </summary>
    public SessionHeader? Header { get; init; }

    /// <summary>For a delete: nothing at or below it may come back.</summary>
    public ItemVersion Floor { get; init; }

    /// <summary>
    /// True where the writer does not hold the whole session: its header says nothing of an explicit deadline, a creation or a subject
    /// that the tier knows already.
    /// </summary>
    public bool IsPartial { get; init; }

    /// <summary>When it leaves this tier, Unix milliseconds; of a delete, when the tombstone may go.</summary>
    public long ExpiresMs { get; init; }
    public IReadOnlyList<ItemSnapshot> Puts { get; init; } = [];
    public IReadOnlyList<RemovedItem> Removals { get; init; } = [];

    /// <summary>
    /// Redis only: items that the session has and the projection leaves out. Their versions are kept there without the values, so that
    /// conditions can be decided and an older value that is still there is not believed.
    /// </summary>
    public IReadOnlyList<UnheldItem> Unheld { get; init; } = [];

    /// <summary>
    /// The puts (and <see cref="Unheld"/>) are all that the session has: it is new, replaced, or sent whole. False: they come on top of
    /// what the tier holds. Redis, which may have forgotten that, then keeps them as a part, in which an absence proves nothing.
    /// </summary>
    public bool IsWhole { get; init; }

    /// <summary>Redis only: taken from PostgreSQL, which has yet to hear of what others hold. On top of a deletion, too, it is a part.</summary>
    public bool IsRefill { get; init; }

    /// <summary>False for a mere touch: nobody needs to hear of it, and a tier that does not hold the session ignores it.</summary>
    public bool IsAnnounced { get; init; } = true;

    /// <summary>Redis announces it, to those who listen to it: PostgreSQL need not.</summary>
    public bool IsToldByRedis { get; init; }

    /// <summary>
    /// PostgreSQL only: Redis shares the session and is away, so it may come back with what it held before. PostgreSQL notes that together with the
    /// change (<see cref="IRemindingTier"/>), for whoever made it may be gone by then.
    /// </summary>
    public bool IsUnheardByRedis { get; init; }

    /// <summary>Redis only: applied is what a replica has too, where the primary has replicas.</summary>
    public bool IsReplicated { get; init; }

    /// <summary>
    /// Redis only. Null: the session is held whole. Else the names of the strategy's items (<c>*</c> and <c>?</c> as in the policy),
    /// which the header keeps so that a reader knows what an absence means; the puts are filtered already.
    /// </summary>
    public IReadOnlyList<string>? Projection { get; init; }

    /// <summary>Decided in the tier together with the change, or not at all.</summary>
    public RemoteCondition? Condition { get; init; }

    /// <summary>The session that this one is deleted with; null for none.</summary>
    public ReadOnlyMemory<byte>? Parent { get; init; }

    /// <summary>The rule's <c>dataCategory</c>, for retention in PostgreSQL.</summary>
    public string? DataCategory { get; init; }

    /// <summary>The newest version in the change.</summary>
    public ItemVersion Newest { get; init; }
}

/// <summary>An item that is gone since a version.</summary>
public readonly record struct RemovedItem(ReadOnlyMemory<byte> Item, ItemVersion Version);

/// <summary>An item that exists since a version, and whose value is not sent.</summary>
public readonly record struct UnheldItem(ReadOnlyMemory<byte> Item, ItemVersion Version);

/// <summary>
/// What must hold in the tier. Either of one item (<see cref="Item"/> set), or of the session: <see cref="Precondition.MustExist"/>
/// and <see cref="Precondition.MustNotExist"/> then mean the session. <see cref="Unchanged"/> is for read-modify-write: the
/// tier's newest version of the session must be this one.
/// </summary>
public sealed record RemoteCondition
{
    public ReadOnlyMemory<byte>? Item { get; init; }
    public Precondition Precondition { get; init; }
    public ItemVersion? Unchanged { get; init; }
}
