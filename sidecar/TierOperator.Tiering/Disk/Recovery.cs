using Microsoft.Extensions.Logging;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// From the files to the index. 1. Leftovers of unfinished work are removed. 2. Segments that a compacted one replaces
/// are removed. 3. Each segment is read, from its hint file or record by record, on as many threads as there are
/// processors. 4. The records are taken into the index in the order of the log, each thread its own shards.
/// </summary>
internal sealed partial class Recovery(SegmentSet segments, DiskIndex index, ILogger logger) : IRecordIdentity, IDisposable
{
    private readonly Dictionary<long, long> _hints = [];
    private ScanOutcome?[] _outcomes = [];
    private ScanOutcome?[] _bySlot = [];

    public long BadRecords { get; private set; }

    /// <summary>Segments that were read record by record, having no whole hint.</summary>
    public int Scanned { get; private set; }

    public void Run()
    {
        var found = OpenSegments();
        RemoveReplaced(found);
        foreach (var segment in found) segments.Add(segment);
        found.Sort((left, right) => left.Header.Order.CompareTo(right.Header.Order));
        var threads = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        _outcomes = new ScanOutcome?[found.Count];
        Parallel.For(0, found.Count, threads, i => _outcomes[i] = Load(found[i]));
        Report(found);
        index.Identity = this;
        var parts = Math.Min(Environment.ProcessorCount, index.Shards.Length);
        Parallel.For(0, parts, threads, part => TakeAll(found, part, parts));
    }

    /// <summary>Gives the records back, megabytes of them; the index asks the disk from now on.</summary>
    public void Dispose()
    {
        foreach (var outcome in _outcomes) outcome?.Dispose();
    }

    /// <summary>From the records as loaded: nothing is read twice.</summary>
    public bool TryIdentify(Location location, out Hash128 session, out ulong item)
    {
        (session, item) = (default, 0);
        if (_bySlot[location.Slot] is not { } outcome) return false;
        var records = outcome.Records.Span;
        var units = (uint)(location.Offset / RecordHeader.Alignment);
        int low = 0, high = records.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            ref var record = ref records[middle];
            if (record.OffsetUnits == units)
            {
                (session, item) = (record.Session, record.Item);
                return true;
            }

            if (record.OffsetUnits < units) low = middle + 1;
            else high = middle - 1;
        }

        return false;
    }

    private List<SegmentFile> OpenSegments()
    {
        var found = new List<SegmentFile>();
        foreach (var entry in segments.Door.List(segments.Folder))
        {
            var path = segments.PathOf(entry.Name);
            var free = SegmentSet.EpochOf(entry.Name, SegmentSet.FreePrefix);
            var hint = SegmentSet.EpochOf(entry.Name, HintFile.Prefix);
            segments.RaiseEpoch(Math.Max(SegmentSet.EpochOf(entry.Name), free));
            if (entry.Name.EndsWith(SegmentSet.TemporaryExtension, StringComparison.Ordinal)) segments.TryDelete(path);
            else if (free >= 0) TakeSpare(path, entry.Length);
            else if (hint >= 0) _hints[hint] = entry.Length;
            else if (SegmentSet.EpochOf(entry.Name) is >= 0 and var epoch) OpenSegment(path, entry, epoch, found);
            else segments.Budget.Charge(DiskErrors.ToBlocks(entry.Length));
        }

        return found;
    }

    private void OpenSegment(string path, DiskFileEntry entry, long epoch, List<SegmentFile> found)
    {
        var file = segments.Door.Open(path, DiskOpen.ReadWrite);
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

        // A number that is on a list of replaced ones must never be given again: its segment would go at the next start.
        foreach (var replaced in header.Replaced) segments.RaiseEpoch(replaced);
        var segment = segments.Wrap(file, header, path);
        segment.ChargedBytes = DiskErrors.ToBlocks(entry.Length);
        segment.PreparedBytes = entry.Length;
        segment.IsSealed = true;
        segments.Charge(segment.ChargedBytes);
        found.Add(segment);
    }

    private void TakeSpare(string path, long length)
    {
        if (length != segments.SegmentBytes || !segments.TryReserve(length)) segments.TryDelete(path);
        else segments.AddSpare(path);
    }

    private void RemoveReplaced(List<SegmentFile> found)
    {
        var replaced = found.SelectMany(segment => segment.Header.Replaced).ToHashSet();
        foreach (var segment in found.Where(segment => replaced.Contains(segment.Header.Epoch)).ToList())
        {
            found.Remove(segment);
            segment.Dispose();
            segments.Door.Delete(segment.Path);
            segments.Charge(-segment.ChargedBytes);
        }

        var live = found.Select(segment => segment.Header.Epoch).ToHashSet();
        foreach (var hint in _hints.Keys.Where(epoch => !live.Contains(epoch))) segments.TryDelete(HintFile.PathOf(segments, hint));
        if (replaced.Count > 0) segments.Door.SyncFolder(segments.Folder);
    }

    private ScanOutcome Load(SegmentFile segment)
    {
#pragma warning disable CA2000 // the recovery owns what its segments held, and disposes it
        var hint = _hints.TryGetValue(segment.Header.Epoch, out var hintBytes) ? HintFile.TryRead(segments, segment) : null;
#pragma warning restore CA2000
        if (hint is not null)
        {
            segment.Tail = hint.Tail;
            segments.SetHint(segment, DiskErrors.ToBlocks(hintBytes));
            segments.Charge(segment.HintBytes);
            return hint;
        }

        var outcome = SegmentScan.Confirmed(segment, segment.PreparedBytes);
        segment.Tail = outcome.Tail;
        segment.NeedsHint = true;
        Cut(segment);
        return outcome;
    }

    /// <summary>
    /// Takes the unused end off, and makes what was read durable: a process that was killed may have left it in the page
    /// cache only, and what is answered once must not be gone after a power cut.
    /// </summary>
    private void Cut(SegmentFile segment)
    {
        if (segment.Tail < segment.PreparedBytes) segment.File.SetLength(segment.Tail);
        segment.File.Sync();
        var charged = DiskErrors.ToBlocks(segment.Tail);
        segments.Charge(charged - segment.ChargedBytes);
        segment.ChargedBytes = charged;
        segment.PreparedBytes = segment.Tail;
    }

    private void Report(List<SegmentFile> found)
    {
        _bySlot = new ScanOutcome?[found.Count == 0 ? 0 : found.Max(segment => segment.Slot) + 1];
        for (var i = 0; i < found.Count; i++)
        {
            _bySlot[found[i].Slot] = _outcomes[i];
            BadRecords += _outcomes[i]!.BadRecords;
            if (found[i].NeedsHint) Scanned++;
            found[i].Records = _outcomes[i]!.Records.Count;
            if (_outcomes[i]!.BadRecords > 0) LogSegment(logger, found[i].Header.Epoch, _outcomes[i]!.BadRecords);
        }
    }

    private void TakeAll(List<SegmentFile> found, int part, int parts)
    {
        for (var i = 0; i < found.Count; i++)
        {
            foreach (ref var record in _outcomes[i]!.Records.Span)
            {
                var shard = DiskIndex.ShardIndexOf(record.Session);
                if (shard % parts == part) Take(found[i], record, index.Shards[shard]);
            }
        }
    }

    private void Take(SegmentFile segment, in HintRecord record, IndexShard shard)
    {
        lock (shard.Gate)
        {
            if (record.Operation == RecordOp.Drop && record.SizeUnits > 0) segments.AddTombstone(segment.Slot, record.Size);
            else if (!record.IsDamaged || record.Operation == RecordOp.DeleteSession) index.Apply_NeedsLock(shard, record.At(segment.Slot));
            else if (record.Operation is RecordOp.Put or RecordOp.DeleteItem) index.Lose_NeedsLock(shard, record.Session, record.Item);
        }
    }

    [LoggerMessage(1204, LogLevel.Warning, "Segment {Epoch} holds {Count} damaged records; they are skipped")]
    private static partial void LogSegment(ILogger logger, long epoch, int count);
}
