using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>Where all of a session is, at one moment: places on the disk, and the pending operations over them.</summary>
internal sealed class SessionView
{
    private readonly List<(Location At, long Size)> _items = [];
    private readonly List<PendingCopy> _pending = [];
    private Location _header;
    private bool _onDisk;
    private bool _isTombstone;
    private bool _deletedLater;

    /// <summary>Items on the disk, pending ones not counted.</summary>
    public int ItemCount { get; private set; }
    public long StoredBytes { get; private set; }

    public static SessionView Take(DiskIndex index, Hash128 session, bool withItems, uint? access)
    {
        var view = new SessionView();
        var shard = index.ShardOf(session);
        lock (shard.Gate)
        {
            if (shard.Pending.TryGetValue(session, out var pending)) view.TakePending(pending, withItems);
            if (view._deletedLater) return view;
            var at = index.FindSession_NeedsLock(shard, session);
            if (at >= 0) view.TakeEntries(shard, at, withItems, access);
        }

        return view;
    }

    public DiskReadStatus Read(RecordReader reader, ReadOnlySpan<byte> session, long nowMs, out SessionSnapshot snapshot)
    {
        snapshot = null!;
        var status = ReadHeader(reader, session, nowMs, out var header);
        if (status != DiskReadStatus.Found) return ReleasePending(status);
        var items = new List<ItemSnapshot>(_items.Count + _pending.Count);
        for (var i = _items.Count - 1; i >= 0; i--)
        {
            if (reader.Read(_items[i].At, _items[i].Size, out var record) != RecordReadStatus.Ok)
            {
                foreach (var item in items) item.Value.Release();
                return ReleasePending(DiskReadStatus.Unavailable);
            }

            items.Add(new ItemSnapshot(record.Meta.ItemKey, record.Meta.ContentType, record.Meta.Version, record.Value));
        }

        foreach (var operation in _pending) Overlay(items, operation);
        snapshot = new SessionSnapshot(session.ToArray(), header, items);
        return DiskReadStatus.Found;
    }

    public DiskReadStatus ReadHeader(RecordReader reader, ReadOnlySpan<byte> session, long nowMs, out SessionHeader header)
    {
        header = null!;
        long expires;
        if (_pending.Count > 0)
        {
            if (_pending[^1].Header.Op is RecordOp.DeleteSession or RecordOp.Drop) return DiskReadStatus.NotFound;
            (header, expires) = (_pending[^1].Meta.Header!, _pending[^1].Header.ExpiresMs);
        }
        else
        {
            if (!_onDisk || _isTombstone) return DiskReadStatus.NotFound;
            if (reader.Read(_header, 0, out var record, metaOnly: true) != RecordReadStatus.Ok) return DiskReadStatus.Unavailable;
            if (!session.SequenceEqual(record.Meta.SessionKey)) return DiskReadStatus.NotFound;
            (header, expires) = (record.Meta.Header!, record.Header.ExpiresMs);
        }

        return expires != 0 && nowMs >= expires ? DiskReadStatus.NotFound : DiskReadStatus.Found;
    }

    public bool TryReadFloor(RecordReader reader, ReadOnlySpan<byte> session, long nowMs, out ItemVersion floor)
    {
        floor = ItemVersion.None;
        if (_pending.Count > 0)
        {
            if (_pending[^1].Header.Op != RecordOp.DeleteSession) return false;
            floor = _pending[^1].Meta.Version;
            return true;
        }

        if (!_isTombstone || reader.Read(_header, 0, out var record, metaOnly: true) != RecordReadStatus.Ok) return false;
        floor = record.Meta.Version;
        return session.SequenceEqual(record.Meta.SessionKey) && nowMs < record.Header.ExpiresMs;
    }

    private void TakePending(List<PendingOperation> pending, bool withItems)
    {
        var start = pending.FindLastIndex(operation => operation.Header.Op is RecordOp.DeleteSession or RecordOp.Drop);
        _deletedLater = start >= 0;
        for (var i = Math.Max(start, 0); i < pending.Count; i++)
            if (pending[i].Header.Op != RecordOp.Drop) _pending.Add(PendingCopy.Of(pending[i], metaOnly: !withItems));
    }

    private void TakeEntries(IndexShard shard, int at, bool withItems, uint? access)
    {
        ref var entry = ref shard.Table[at];
        _onDisk = true;
        _header = entry.Location;
        _isTombstone = entry.Kind == EntryKind.Tombstone;
        if (_isTombstone) return;
        if (access is { } seen) entry.Access = seen;
        StoredBytes += entry.Size;
        if (entry.Kind == EntryKind.Inline)
        {
            _items.Add((entry.Location, entry.Size));
        }
        else
        {
            for (var i = entry.Ring; i != at; i = shard.Table[i].Ring)
            {
                ref var item = ref shard.Table[i];
                StoredBytes += item.Size;
                _items.Add((item.Location, item.Size));
            }
        }

        ItemCount = _items.Count;
        if (!withItems) _items.Clear();
    }

    private static void Overlay(List<ItemSnapshot> items, in PendingCopy operation)
    {
        if (operation.Header.Op is not (RecordOp.Put or RecordOp.DeleteItem)) return;
        if (!operation.TryDecode(out var record)) return;
        var at = items.FindIndex(item => item.Key.AsSpan().SequenceEqual(record.Meta.ItemKey));
        if (at >= 0)
        {
            items[at].Value.Release();
            items.RemoveAt(at);
        }

        if (operation.Header.Op == RecordOp.Put)
            items.Add(new ItemSnapshot(record.Meta.ItemKey, record.Meta.ContentType, record.Meta.Version, record.Value));
    }

    private DiskReadStatus ReleasePending(DiskReadStatus status)
    {
        foreach (var operation in _pending) operation.Large?.Release();
        return status;
    }
}
