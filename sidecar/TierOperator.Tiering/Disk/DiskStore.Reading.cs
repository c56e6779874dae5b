using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    /// <summary>A record may move while it is looked up; after so many tries during which none did, it is bad.</summary>
    private const int ReadAttempts = 3;

    private long _badRecords;

    /// <summary>Records found damaged, at start or at a read.</summary>
    public long BadRecords => Interlocked.Read(ref _badRecords);

    /// <summary>From the index alone: true may, rarely, be wrong, false never is.</summary>
    public bool Contains(ReadOnlySpan<byte> session)
    {
        var hash = _hash.Session(session);
        var shard = _index.ShardOf(hash);
        lock (shard.Gate)
        {
            if (shard.Pending.TryGetValue(hash, out var pending)) return pending[^1].Header.Op is not (RecordOp.DeleteSession or RecordOp.Drop);
            var at = _index.FindSession_NeedsLock(shard, hash);
            return at >= 0 && shard.Table[at].IsSession;
        }
    }

    /// <summary>Reads one item. The caller releases its value.</summary>
    public DiskReadStatus TryReadItem(ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, out DiskItem found)
    {
        found = default;
        var hash = _hash.Session(session);
        var itemHash = _hash.Item(item);
        var (attempt, removals) = (0, _segments.Removals);
        do
        {
            if (_unsettled.Contains(hash)) return DiskReadStatus.Unavailable;
            var view = Locate(hash, itemHash);
            if (view.IsAbsent) return DiskReadStatus.NotFound;
            var status = view.Read(_reader, session, item, NowMs, out found);
            if (status != DiskReadStatus.Unavailable) return status;
        }
        while (MayReadAgain(ref attempt, ref removals));

        OnBadRecord();
        return DiskReadStatus.Unavailable;
    }

    /// <summary>Reads a session whole. The caller releases the snapshot.</summary>
    /// <param name="session">Its key.</param>
    /// <param name="found">With <see cref="DiskReadStatus.Found"/>: all of it.</param>
    /// <param name="evenExpired">Also where it has been here for as long as it should, and is still to be swept.</param>
    public DiskReadStatus TryReadSession(ReadOnlySpan<byte> session, out SessionSnapshot found, bool evenExpired = false)
    {
        found = null!;
        var hash = _hash.Session(session);
        var (attempt, removals) = (0, _segments.Removals);
        do
        {
            if (_unsettled.Contains(hash)) return DiskReadStatus.Unavailable;
            var view = SessionView.Take(_index, hash, withItems: true, CoarseClock.Access(NowMs));
            var status = view.Read(_reader, session, evenExpired ? 0 : NowMs, out found);
            if (status != DiskReadStatus.Unavailable) return status;
        }
        while (MayReadAgain(ref attempt, ref removals));

        OnBadRecord();
        return DiskReadStatus.Unavailable;
    }

    /// <summary>Reads a session's header, counts its items, and sums the bytes that its records occupy.</summary>
    /// <param name="session">Its key.</param>
    /// <param name="header">With <see cref="DiskReadStatus.Found"/>: as it was written last.</param>
    /// <param name="items">How many items it has.</param>
    /// <param name="bytes">What its records occupy.</param>
    /// <param name="evenExpired">As with <see cref="TryReadSession"/>.</param>
    public DiskReadStatus TryReadHeader(ReadOnlySpan<byte> session, out SessionHeader header, out int items, out long bytes, bool evenExpired = false)
    {
        var hash = _hash.Session(session);
        (header, items, bytes) = (null!, 0, 0);
        var (attempt, removals) = (0, _segments.Removals);
        do
        {
            if (_unsettled.Contains(hash)) return DiskReadStatus.Unavailable;
            var view = SessionView.Take(_index, hash, withItems: false, access: null);
            var status = view.ReadHeader(_reader, session, evenExpired ? 0 : NowMs, out header);
            (items, bytes) = (view.ItemCount, view.StoredBytes);
            if (status != DiskReadStatus.Unavailable) return status;
        }
        while (MayReadAgain(ref attempt, ref removals));

        OnBadRecord();
        return DiskReadStatus.Unavailable;
    }

    /// <summary>The floor that a deletion left behind, while it is remembered.</summary>
    public bool TryReadFloor(ReadOnlySpan<byte> session, out ItemVersion floor)
    {
        floor = ItemVersion.None;
        var hash = _hash.Session(session);
        var view = SessionView.Take(_index, hash, withItems: false, access: null);
        return view.TryReadFloor(_reader, session, NowMs, out floor);
    }

    /// <summary>A try counts only when no segment went away meanwhile: a reader that is held up for long may meet several that do.</summary>
    private bool MayReadAgain(ref int attempt, ref long removals)
    {
        var now = _segments.Removals;
        var hasMoved = now != removals;
        removals = now;
        return hasMoved || ++attempt < ReadAttempts;
    }

    private ItemView Locate(Hash128 session, ulong item)
    {
        var shard = _index.ShardOf(session);
        lock (shard.Gate)
            return ItemView.Take_NeedsLock(_index, shard, session, item, CoarseClock.Access(NowMs));
    }

    private void OnBadRecord() => Interlocked.Increment(ref _badRecords);
}
