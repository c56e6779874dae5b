using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// Operations that become one record: all of them are there after a crash, or none. Replacing a session is
/// <see cref="DeleteSession"/> with its floor, then its items.
/// </summary>
/// <remarks>Not thread-safe. The memory passed in must stay unchanged until the append has returned, not longer.</remarks>
public sealed class DiskBatch
{
    /// <summary>Session and item keys are at most this long: 64 KiB.</summary>
    public const int MaxKeyBytes = 64 * 1024;

    private readonly List<DiskOperation> _operations = [];

    internal IReadOnlyList<DiskOperation> Operations => _operations;
    public int Count => _operations.Count;

    /// <summary>
    /// True: the puts add to sessions that the caller believes are here, and <see cref="AppendStatus.Gone"/> answers when
    /// one was lately evicted or expired, so that no half session is written.
    /// </summary>
    public bool ExpectsSession { get; set; }

    /// <summary>
    /// True: it tells of accesses, no more. When it cannot be written, what the disk holds of its sessions is still to be believed.
    /// </summary>
    public bool MayBeLost { get; set; }

    /// <summary>
    /// Sets an item. <paramref name="expiresMs"/>: when it leaves the disk, exact Unix ms; 0 is never. <paramref name="seen"/>: the version that its
    /// writer knew, None where there was none; null where nobody will ask.
    /// </summary>
    public DiskBatch Put(
        ReadOnlyMemory<byte> session, SessionHeader header, long expiresMs, ReadOnlyMemory<byte> item,
        string contentType, ItemVersion version, ItemValue value, ItemVersion? seen = null)
        => Add(new DiskOperation(RecordOp.Put, session, header, expiresMs, item, contentType, version, value) { Seen = seen });

    public DiskBatch Put(ReadOnlyMemory<byte> session, SessionHeader header, long expiresMs, in ItemSnapshot item)
        => Put(session, header, expiresMs, item.Key, item.ContentType, item.Version, item.Value);

    public DiskBatch DeleteItem(
        ReadOnlyMemory<byte> session, SessionHeader header, long expiresMs, ReadOnlyMemory<byte> item, ItemVersion version)
        => Add(new DiskOperation(RecordOp.DeleteItem, session, header, expiresMs, item, "", version, default));

    /// <summary>Removes the session; leaves a tombstone with the floor for <see cref="DiskOptions.Tombstones"/>.</summary>
    public DiskBatch DeleteSession(ReadOnlyMemory<byte> session, ItemVersion floor)
        => Add(new DiskOperation(RecordOp.DeleteSession, session, null, 0, default, "", floor, default));

    /// <summary>Sets the header alone: a touch, a new deadline, a new rule.</summary>
    public DiskBatch PutHeader(ReadOnlyMemory<byte> session, SessionHeader header, long expiresMs)
        => Add(new DiskOperation(RecordOp.PutHeader, session, header, expiresMs, default, "", default, default));

    public void Clear()
    {
        _operations.Clear();
        ExpectsSession = false;
        MayBeLost = false;
    }

    private DiskBatch Add(in DiskOperation operation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(operation.Session.Length, MaxKeyBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(operation.Item.Length, MaxKeyBytes);
        _operations.Add(operation);
        return this;
    }
}

internal readonly record struct DiskOperation(
    RecordOp Op, ReadOnlyMemory<byte> Session, SessionHeader? Header, long ExpiresMs, ReadOnlyMemory<byte> Item,
    string ContentType, ItemVersion Version, ItemValue Value)
{
    public ItemVersion? Seen { get; init; }
}
