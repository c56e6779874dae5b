using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>What a write asks of the item's present state before it may happen.</summary>
public readonly record struct Precondition
{
    /// <summary><c>If-None-Match: *</c>: the item must not exist.</summary>
    public bool MustNotExist { get; init; }

    /// <summary><c>If-Match: *</c>: the item must exist, whatever its version.</summary>
    public bool MustExist { get; init; }

    /// <summary><c>If-Match: "…"</c>: the item must have one of these versions; null when not asked.</summary>
    public IReadOnlyList<ItemVersion>? AnyOf { get; init; }

    public bool IsNone => !MustNotExist && !MustExist && AnyOf is null;

    /// <summary>Whether an item of this version (null: absent) may be written.</summary>
    public bool Allows(ItemVersion? present)
        => !(MustNotExist && present is not null)
           && !(MustExist && present is null)
           && (AnyOf is null || (present is { } version && AnyOf.Contains(version)));
}

/// <summary>What a caller may say beside the data of any write.</summary>
public readonly record struct WriteOptions
{
    public Precondition Condition { get; init; }

    /// <summary><c>Tier-TTL</c>: the session's deadline, absolute from now; null leaves it as it is.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>The deadline as Unix milliseconds, absolute; null leaves it as it is. Not beside <see cref="Ttl"/>.</summary>
    public long? DeadlineMs { get; init; }

    /// <summary>Takes an explicit deadline away: the session slides with access again.</summary>
    public bool Persist { get; init; }

    /// <summary><c>Tier-Subject</c>; null leaves it as it is.</summary>
    public string? Subject { get; init; }

    /// <summary><c>Tier-Strategy</c>; checked by the listener against the policy.</summary>
    public string? Strategy { get; init; }
}

/// <summary>One item to write. The engine takes over the reference of a large value, whatever the outcome.</summary>
public readonly record struct ItemWrite(ReadOnlyMemory<byte> Item, string ContentType, ItemValue Value);

/// <summary>What a decision on a session's present state came to.</summary>
public sealed record SessionChange(IReadOnlyList<ItemWrite> Puts, IReadOnlyList<ReadOnlyMemory<byte>> Deletes);

public enum WriteStatus
{
    /// <summary>Done; the session or item is new.</summary>
    Created,

    /// <summary>Done; it replaced what was there.</summary>
    Replaced,

    /// <summary>Done, but the ack level could not be had: a tier is away and the rule says Degrade. HTTP 202.</summary>
    Accepted,

    /// <summary>Nothing to do: what was to be deleted or moved is not there.</summary>
    NotFound,

    /// <summary>The precondition does not hold. HTTP 412.</summary>
    PreconditionFailed,

    /// <summary>The item has versions that a person has to choose between (<c>onConflict: Manual</c>). HTTP 409.</summary>
    Conflict,

    /// <summary>Against the policy (too many items). HTTP 422.</summary>
    Unprocessable,

    /// <summary>The journal is full or behind. HTTP 429.</summary>
    Backlog,

    /// <summary>No tier of the rule has room for it. HTTP 507.</summary>
    NoRoom,

    /// <summary>No tier could take it, or the one that decides is away. HTTP 503.</summary>
    Unavailable,
}

/// <summary>What became of a write. <see cref="Detail"/> says what to do where it failed.</summary>
public readonly record struct WriteOutcome(WriteStatus Status)
{
    /// <summary>The version it was given; the newest item's for a whole session.</summary>
    public ItemVersion Version { get; init; }

    /// <summary>The tiers that hold it, and those that will.</summary>
    public TierSet Acked { get; init; }
    public TierSet Pending { get; init; }

    /// <summary>Tiers that should hold it and could not be reached.</summary>
    public TierSet Unavailable { get; init; }
    public CompiledRule? Rule { get; init; }
    public string? Detail { get; init; }

    /// <summary>With Unavailable: the tier that decides was asked, and its answer never came. It may have happened there.</summary>
    public bool MayHaveHappened { get; init; }

    /// <summary>The tier that decides had something newer of the session when the write came there: what it had may stand in place of the write.</summary>
    internal bool IsOvertaken { get; init; }

    public bool Succeeded => Status is WriteStatus.Created or WriteStatus.Replaced or WriteStatus.Accepted;
}

public enum ReadStatus { Found, NotFound, Unavailable, NoRoom }

/// <summary>An item as a listener gets it. The reader releases <see cref="Value"/>.</summary>
public readonly record struct ReadOutcome(ReadStatus Status)
{
    public ItemValue Value { get; init; }
    public string? ContentType { get; init; }
    public ItemVersion Version { get; init; }

    /// <summary>The tier that answered: exactly one flag.</summary>
    public TierSet Source { get; init; }

    /// <summary>Tiers that could have held it and did not answer (<c>Tier-Unavailable</c>).</summary>
    public TierSet Unavailable { get; init; }
    public CompiledRule? Rule { get; init; }
}

/// <summary>A memory hit, filled in place on the hot path: no allocation.</summary>
public struct MemoryHit
{
    public ItemVersion Version;

    /// <summary>Length of the value. For a small one its bytes are in the caller's buffer.</summary>
    public long Length;
    public string ContentType;
    public CompiledRule Rule;

    /// <summary>Set for a large value, which is not copied: the caller releases it.</summary>
    public LargeValue? Large;

    /// <summary>Seconds since the item was written.</summary>
    public long AgeSeconds;

    /// <summary>What the session was made as: <see cref="SessionHeader.Kind"/>.</summary>
    public byte Kind;
}

/// <summary>A whole session as a listener gets it. The reader releases the items.</summary>
public sealed record SessionReadOutcome(ReadStatus Status)
{
    public SessionSnapshot? Session { get; init; }
    public TierSet Source { get; init; }
    public TierSet Unavailable { get; init; }
    public CompiledRule? Rule { get; init; }
}

/// <summary>What is known of a session without its values (<c>view=meta</c>, /explain).</summary>
public sealed record SessionMeta
{
    public required byte[] Key { get; init; }
    public required SessionHeader Header { get; init; }
    public required CompiledRule Rule { get; init; }

    /// <summary>The tiers that hold a copy now.</summary>
    public required TierSet Tiers { get; init; }
    public required IReadOnlyList<ItemMeta> Items { get; init; }
    public required long Bytes { get; init; }

    /// <summary>When the copy leaves memory or disk, Unix milliseconds; 0 where there is none.</summary>
    public long MemoryExpiresMs { get; init; }
    public long SpilloverExpiresMs { get; init; }
}

public sealed record ItemMeta(byte[] Key, string ContentType, ItemVersion Version, long Bytes);

/// <summary>One line of a listing.</summary>
public sealed record SessionListing(byte[] Key, TierSet Tiers, long Bytes, int Items, long LastAccessMs)
{
    /// <summary>What it was made as: <see cref="SessionHeader.Kind"/>.</summary>
    public byte Kind { get; init; }
}

/// <summary>A page of a listing. <see cref="Next"/> is opaque; null at the end.</summary>
public sealed record SessionPage(IReadOnlyList<SessionListing> Sessions, string? Next)
{
    /// <summary>The tier that was asked and did not answer; the page is empty then.</summary>
    public TierSet Unavailable { get; init; }
}

public enum BatchKind { Get, Put, Delete }

/// <summary>One operation of a batch, atomic or plain.</summary>
public sealed record BatchOperation(BatchKind Kind, byte[] Session, byte[] Item)
{
    public ItemValue Value { get; init; }
    public string ContentType { get; init; } = ContentTypes.Bytes;
    public WriteOptions Options { get; init; }
}

/// <summary>The answer to one operation: a read or a write.</summary>
public readonly record struct BatchOutcome(ReadOutcome? Read, WriteOutcome? Write);

/// <summary>What a move by hand came to, and the tiers that hold the session afterwards.</summary>
public sealed record MoveOutcome(WriteStatus Status, TierSet Tiers, string? Detail = null);
