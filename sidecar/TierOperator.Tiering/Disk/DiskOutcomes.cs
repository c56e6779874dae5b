using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>What became of an append.</summary>
public enum AppendStatus
{
    /// <summary>Taken: reads see it. Durable when <see cref="DiskStore.WaitDurableAsync"/> says so.</summary>
    Ok,

    /// <summary>Too many bytes wait for the disk; wait with <see cref="DiskStore.WaitRoomAsync"/> and try again.</summary>
    Busy,

    /// <summary>No room, and nothing may be evicted.</summary>
    Full,

    /// <summary>The disk answers with errors; it is probed in the background.</summary>
    Failing,

    /// <summary>The batch builds on a session that was evicted or has expired here: send the whole session.</summary>
    Gone,

    /// <summary>The batch alone is larger than a segment may be, or than half of the capacity.</summary>
    TooLarge,
}

/// <summary>What a read found.</summary>
public enum DiskReadStatus
{
    Found,
    NotFound,

    /// <summary>The disk cannot say: a bad record, an I/O error, or a session whose latest state was not written.</summary>
    Unavailable,
}

/// <summary>How the store fares.</summary>
public enum DiskState { Healthy, Full, Failing }

/// <summary>Why a session left the disk by the store's own decision.</summary>
public enum SessionGoneReason { Evicted, Expired }

/// <summary>One item as read. The holder releases its value.</summary>
public readonly record struct DiskItem(SessionHeader Header, ItemSnapshot Item);

/// <summary>A live session as listed; <see cref="Bytes"/> is what its records occupy.</summary>
public readonly record struct DiskSession(byte[] Key, SessionHeader Header, int Items, long Bytes);

/// <summary>Why a data folder could not be opened.</summary>
public enum DiskStoreFault { InUse, NewerFormat, NotWritable, KeyMissing, KeyWrong, Corrupt }

/// <summary>A data folder that cannot be opened; the message says what to do.</summary>
public sealed class DiskStoreException(DiskStoreFault kind, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public DiskStoreFault Kind { get; } = kind;
}
