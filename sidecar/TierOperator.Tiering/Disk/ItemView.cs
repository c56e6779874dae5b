using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>Where one item and its session's header are, at one moment: pending, or at a place on the disk.</summary>
internal readonly struct ItemView
{
    private readonly PendingCopy? _pendingItem;
    private readonly PendingCopy? _pendingHeader;
    private readonly Location _item;
    private readonly Location _header;
    private readonly long _size;

    private ItemView(PendingCopy? item, PendingCopy? header, Location itemAt, Location headerAt, long size)
        => (_pendingItem, _pendingHeader, _item, _header, _size, IsAbsent) = (item, header, itemAt, headerAt, size, false);

    private ItemView(bool absent) => IsAbsent = absent;

    /// <summary>The item does not exist, and no record need be read to say so.</summary>
    public bool IsAbsent { get; }

    public static ItemView Take_NeedsLock(DiskIndex index, IndexShard shard, Hash128 session, ulong item, uint access)
    {
        PendingOperation? header = null;
        if (shard.Pending.TryGetValue(session, out var pending))
        {
            for (var i = pending.Count - 1; i >= 0; i--)
            {
                var operation = pending[i];
                if (operation.Header.Op is RecordOp.DeleteSession or RecordOp.Drop) return new ItemView(absent: true);
                header ??= operation;
                if (operation.Header.Op == RecordOp.PutHeader || operation.Header.Item != item) continue;
                if (operation.Header.Op == RecordOp.DeleteItem) return new ItemView(absent: true);
                return new ItemView(PendingCopy.Of(operation), PendingCopy.Of(header, metaOnly: true), default, default, 0);
            }
        }

        var at = index.FindSession_NeedsLock(shard, session);
        if (at < 0 || !shard.Table[at].IsSession) return new ItemView(absent: true);
        ref var entry = ref shard.Table[at];
        entry.Access = access;
        PendingCopy? copy = header is null ? null : PendingCopy.Of(header, metaOnly: true);
        if (entry.Kind == EntryKind.Inline) return new ItemView(null, copy, entry.Location, entry.Location, entry.Size);
        var found = index.FindItem_NeedsLock(shard, session, item);
        if (found < 0) return new ItemView(absent: true);
        ref var itemEntry = ref shard.Table[found];
        return new ItemView(null, copy, itemEntry.Location, entry.Location, itemEntry.Size);
    }

    /// <summary>Unavailable also when the record has moved meanwhile: look it up again.</summary>
    public DiskReadStatus Read(
        RecordReader reader, ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, long nowMs, out DiskItem found)
    {
        found = default;
        DecodedRecord record;
        if (_pendingItem is { } pending)
        {
            if (!pending.TryDecode(out record)) return DiskReadStatus.Unavailable;
        }
        else if (reader.Read(_item, _size, out record) != RecordReadStatus.Ok)
        {
            return DiskReadStatus.Unavailable;
        }

        var status = Match(reader, record, session, item, nowMs, out var header);
        if (status != DiskReadStatus.Found)
        {
            record.Value.Release();
            return status;
        }

        found = new DiskItem(header!, new ItemSnapshot(record.Meta.ItemKey, record.Meta.ContentType, record.Meta.Version, record.Value));
        return DiskReadStatus.Found;
    }

    private DiskReadStatus Match(
        RecordReader reader, in DecodedRecord record, ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, long nowMs, out SessionHeader? header)
    {
        header = record.Meta.Header;
        var expires = record.Header.ExpiresMs;
        if (record.Header.Op != RecordOp.Put || !session.SequenceEqual(record.Meta.SessionKey) || !item.SequenceEqual(record.Meta.ItemKey))
            return DiskReadStatus.NotFound;
        if (_pendingHeader is { } newer)
        {
            (header, expires) = (newer.Meta.Header, newer.Header.ExpiresMs);
        }
        else if (_pendingItem is null && _header != _item)
        {
            if (reader.Read(_header, 0, out var headerRecord, metaOnly: true) != RecordReadStatus.Ok
                || !session.SequenceEqual(headerRecord.Meta.SessionKey)) return DiskReadStatus.Unavailable;
            (header, expires) = (headerRecord.Meta.Header, headerRecord.Header.ExpiresMs);
        }

        return expires != 0 && nowMs >= expires ? DiskReadStatus.NotFound : DiskReadStatus.Found;
    }
}
