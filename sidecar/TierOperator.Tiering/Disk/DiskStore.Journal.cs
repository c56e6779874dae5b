namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    private JournalMark _end = new(default);
    private JournalMark? _keepFrom;

    /// <summary>Where the log is durable up to: whatever is appended from now on will stand there or later.</summary>
    public JournalPosition JournalEnd => Volatile.Read(ref _end).Position;

    /// <summary>
    /// From here on the log is somebody's to read: compaction keeps every deletion behind it and never moves a record across it.
    /// Null: nobody reads.
    /// </summary>
    public JournalPosition? KeepFrom
    {
        get => Volatile.Read(ref _keepFrom)?.Position;
        set => Volatile.Write(ref _keepFrom, value is { } position ? new JournalMark(position) : null);
    }

    /// <summary>
    /// Reads the changes of one segment from a position on, whole batches only. Null at the log's durable end. What was
    /// overwritten or compacted away meanwhile may be missing: only a newer state of it is further on.
    /// </summary>
    /// <exception cref="IOException">The disk failed; ask again later.</exception>
    public JournalStretch? ReadJournal(JournalPosition from)
    {
        var end = JournalEnd;
        var segments = _segments.InOrder().FindAll(segment => segment is { IsReplaced: false, IsUnpublished: false } && segment.Header.Order <= end.Order);
        var at = segments.FindIndex(segment => segment.Holds(from));
        if (at < 0) at = Math.Max(0, segments.FindLastIndex(segment => segment.Header.Order <= from.Order)); // written anew, perhaps together with those before it
        foreach (var segment in segments.Skip(at))
        {
            var start = segment.Holds(from) ? from.Offset : 0;
            var tail = segment.Holds(end) ? Math.Min(end.Offset, segment.Tail) : segment.Tail;
            if (start < tail) return new JournalStretch(ReadEntries(segment, start, tail), segment.At(start), segment.At(tail));
        }

        return null;
    }

    /// <summary>Lets go of sessions that another tier holds now; what was appended to them since keeps them here.</summary>
    public void Release(ReadOnlySpan<byte> session)
    {
        var hash = _hash.Session(session);
        var shard = _index.ShardOf(hash);
        Location location;
        lock (shard.Gate)
        {
            var at = shard.Pending.ContainsKey(hash) ? -1 : _index.FindSession_NeedsLock(shard, hash);
            if (at < 0 || !shard.Table[at].IsSession) return;
            location = shard.Table[at].Location;
        }

        RemoveSessions([new RemovalCandidate(hash, location, session.ToArray(), 0)], SessionGoneReason.Evicted);
    }

    private List<JournalEntry> ReadEntries(SegmentFile segment, long start, long tail)
    {
        var entries = new List<JournalEntry>();
        using var scan = SegmentScan.Confirmed(segment, tail);
        foreach (ref readonly var record in scan.Records.Span)
        {
            if (record.IsDamaged || record.Offset < start || record.SizeUnits == 0 || record.Operation == RecordOp.Drop) continue;
            var status = _reader.Read(new Location(segment.Slot, record.Offset), Math.Min(record.Size, 4096), out var decoded, metaOnly: true);
            if (status == RecordReadStatus.Failed) throw new IOException("A record of the journal could not be read.", DiskErrors.InputOutput);
            if (status != RecordReadStatus.Ok) continue;
            var meta = decoded.Meta;
            entries.Add(new JournalEntry(KindOf(record.Operation), meta.SessionKey, meta.ItemKey, meta.Version, meta.Header, decoded.Header.ValueLength) { Seen = meta.Seen });
        }

        return entries;
    }

    private static JournalKind KindOf(RecordOp operation) => operation switch
    {
        RecordOp.Put => JournalKind.Put,
        RecordOp.DeleteItem => JournalKind.RemoveItem,
        RecordOp.DeleteSession => JournalKind.RemoveSession,
        _ => JournalKind.Header,
    };

    /// <summary>After a start the log ends where its last segment does.</summary>
    private void FindJournalEnd()
    {
        if (_segments.InOrder().LastOrDefault() is { } last) OnDurable(last.At(last.Tail));
    }

    private void OnDurable(JournalPosition position) => Volatile.Write(ref _end, new JournalMark(position));

    /// <summary>A position that is swapped as one.</summary>
    private sealed class JournalMark(JournalPosition position)
    {
        public JournalPosition Position => position;
    }
}
