using Microsoft.Extensions.Logging;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// From the files to the index. 1. Leftovers of unfinished work are removed. 2. Segments that a compacted one replaces
/// are removed. 3. Each segment is read, from its hint file or record by record, on as many threads as there are
/// processors. 4. The records are taken into the index in the order of the log.
/// </summary>
internal sealed partial class Recovery(IDiskDoor door, SegmentSet segments, DiskIndex index, DiskOptions options, ILogger logger)
{
    private long _badRecords;

    public long BadRecords => _badRecords;

    public void Run()
    {
        var found = OpenSegments();
        RemoveReplaced(found);
        foreach (var segment in found) segments.Add(segment);
        found.Sort((left, right) => left.Header.Order.CompareTo(right.Header.Order));
        var outcomes = new ScanOutcome[found.Count];
        Parallel.For(0, found.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i => outcomes[i] = Scan(found[i]));
        for (var i = 0; i < found.Count; i++) Take(found[i], outcomes[i]);
    }

    private List<SegmentFile> OpenSegments()
    {
        var found = new List<SegmentFile>();
        foreach (var entry in door.List(options.Folder))
        {
            var path = segments.PathOf(entry.Name);
            segments.RaiseEpoch(Math.Max(SegmentSet.EpochOf(entry.Name), SegmentSet.EpochOf(entry.Name, SegmentSet.FreePrefix)));
            if (entry.Name.EndsWith(SegmentSet.TemporaryExtension, StringComparison.Ordinal)) segments.TryDelete(path);
            else if (SegmentSet.EpochOf(entry.Name, SegmentSet.FreePrefix) >= 0) TakeSpare(path, entry.Length);
            else if (SegmentSet.EpochOf(entry.Name) is >= 0 and var epoch) OpenSegment(path, entry, epoch, found);
            else segments.Budget.Charge(DiskErrors.ToBlocks(entry.Length));
        }

        return found;
    }

    private void OpenSegment(string path, DiskFileEntry entry, long epoch, List<SegmentFile> found)
    {
        var file = door.Open(path, DiskOpen.ReadWrite);
        var block = new byte[SegmentHeader.Bytes];
        var count = file.Read(block, 0);
        var header = SegmentHeader.Read(block.AsSpan(0, count), entry.Name);
        if (header is null || header.Epoch != epoch)
        {
            // Never published, or a spare that was being made into a segment when the power went.
            file.Dispose();
            segments.TryDelete(path);
            return;
        }

        var charged = DiskErrors.ToBlocks(entry.Length);
        segments.Budget.Charge(charged);
        found.Add(segments.Wrap(file, header, path));
        found[^1].ChargedBytes = charged;
        found[^1].PreparedBytes = entry.Length;
        found[^1].IsSealed = true;
    }

    private void TakeSpare(string path, long length)
    {
        if (length != segments.SegmentBytes || !segments.Budget.TryReserve(length)) segments.TryDelete(path);
        else segments.AddSpare(path);
    }

    private void RemoveReplaced(List<SegmentFile> found)
    {
        var replaced = found.SelectMany(segment => segment.Header.Replaced).ToHashSet();
        foreach (var segment in found.Where(segment => replaced.Contains(segment.Header.Epoch)).ToList())
        {
            found.Remove(segment);
            segment.Dispose();
            segments.TryDelete(segment.Path);
            segments.TryDelete(HintFile.PathOf(segments, segment.Header.Epoch));
            segments.Budget.Release(segment.ChargedBytes);
        }
    }

    private ScanOutcome Scan(SegmentFile segment)
    {
        var length = segment.File.Length;
        var outcome = new SegmentScan(segment, length).Run();
        segment.Tail = outcome.Tail;
        Cut(segment, length);
        return outcome;
    }

    /// <summary>
    /// Takes the unused end off, and makes what was read durable: a process that was killed may have left it in the page
    /// cache only, and what is answered once must not be gone after a power cut.
    /// </summary>
    private void Cut(SegmentFile segment, long length)
    {
        if (segment.Tail < length) segment.File.SetLength(segment.Tail);
        segment.File.Sync();
        var charged = DiskErrors.ToBlocks(segment.Tail);
        segments.Budget.Release(segment.ChargedBytes - charged);
        segment.ChargedBytes = charged;
        segment.PreparedBytes = segment.Tail;
    }

    private void Take(SegmentFile segment, ScanOutcome outcome)
    {
        _badRecords += outcome.BadRecords;
        if (outcome.BadRecords > 0) LogSegment(logger, segment.Header.Epoch, outcome.BadRecords);
        segment.Records = outcome.Records.Count;
        foreach (var record in outcome.Records) Take(segment, record);
    }

    private void Take(SegmentFile segment, in ScannedRecord record)
    {
        var header = record.Header;
        var change = new IndexChange(header.Op, header.Session, header.Item, new Location(segment.Slot, record.Offset), header.StoredBytes, header.ExpiresMs, header.Access);
        if (record.IsDamaged && header.Op != RecordOp.DeleteSession)
        {
            if (header.Op is RecordOp.PutHeader or RecordOp.Drop) return;
            var shard = index.ShardOf(header.Session);
            lock (shard.Gate) index.Lose_NeedsLock(shard, header.Session, header.Item);
            return;
        }

        if (header.Op == RecordOp.Drop)
        {
            segment.AddTombstone(header.StoredBytes);
            foreach (var session in record.Dropped ?? []) Apply(change with { Session = session });
            return;
        }

        Apply(change);
    }

    private void Apply(in IndexChange change)
    {
        var shard = index.ShardOf(change.Session);
        lock (shard.Gate) index.Apply_NeedsLock(shard, change);
    }

    [LoggerMessage(1204, LogLevel.Warning, "Segment {Epoch} holds {Count} damaged records; they are skipped")]
    private static partial void LogSegment(ILogger logger, long epoch, int count);
}
