namespace TierOperator.Tiering.Disk;

/// <summary>A place in the log: a segment's place in the order, and an offset in it. Totally ordered.</summary>
/// <remarks>
/// Compaction writes segments anew, several into one: the offset is good only in the file that it was taken in. What stood anywhere else is in the
/// last segment at or before that order, and has to be looked for from its beginning.
/// </remarks>
public readonly record struct JournalPosition(long Order, long Offset) : IComparable<JournalPosition>
{
    /// <summary>The file's epoch; 0 is none.</summary>
    public long Epoch { get; init; }

    /// <summary>A place that lies before neither.</summary>
    public static JournalPosition Earlier(JournalPosition left, JournalPosition right)
        => left.Order == right.Order && left.Epoch != right.Epoch ? new JournalPosition(left.Order, 0) : left < right ? left : right;

    /// <summary>The one that there is, where there is one only.</summary>
    public static JournalPosition? Earlier(JournalPosition? left, JournalPosition? right)
        => left is { } one && right is { } other ? Earlier(one, other) : left ?? right;

    public int CompareTo(JournalPosition other) => Order != other.Order ? Order.CompareTo(other.Order) : Offset.CompareTo(other.Offset);

    public static bool operator <(JournalPosition left, JournalPosition right) => left.CompareTo(right) < 0;
    public static bool operator >(JournalPosition left, JournalPosition right) => left.CompareTo(right) > 0;
    public static bool operator <=(JournalPosition left, JournalPosition right) => left.CompareTo(right) <= 0;
    public static bool operator >=(JournalPosition left, JournalPosition right) => left.CompareTo(right) >= 0;
}

public enum JournalKind
{
    /// <summary>An item was set, or its session's header with it.</summary>
    Put,
    RemoveItem,

    /// <summary>The session was deleted, or what follows in the same segment replaces it.</summary>
    RemoveSession,

    /// <summary>Only the session's header was set.</summary>
    Header,
}

/// <summary>A change as it stands in the log, without its value. <see cref="Header"/> is null for a deletion.</summary>
public sealed record JournalEntry(JournalKind Kind, byte[] Session, byte[] Item, ItemVersion Version, SessionHeader? Header, long Bytes)
{
    /// <summary>The version that the writer knew, None where there was none; null where it was not noted.</summary>
    public ItemVersion? Seen { get; init; }
}

/// <summary>A stretch of the log, from one place between two batches to another.</summary>
public sealed record JournalStretch(IReadOnlyList<JournalEntry> Entries, JournalPosition From, JournalPosition Next);
