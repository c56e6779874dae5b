using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// Rewrites neighbouring segments without their garbage, into one that takes their place in the log's order.
/// </summary>
/// <remarks>
/// 1. The room for the copy is reserved from the start (the scratch). 2. The copy is written under a temporary name and
/// synced. 3. The rename publishes it: its header names the segments that it replaces, and a start that finds both keeps
/// the copy only. 4. The index is led to the copy. 5. The old files go. A crash leaves either all of the old or the copy.
/// The deletion of a session, or of an item, is kept while any older segment could hold what it deletes.
/// One run at a time; called from the maintenance loop, and by the committer when it needs room.
/// </remarks>
internal sealed class Compactor(
    SegmentSet segments, DiskIndex index, RecordReader reader, DiskOptions options, Func<JournalPosition?> keepFrom)
{
    private readonly Lock _gate = new();
    private long _compactions;
    private long _rewrittenBytes;

    public long Compactions => Interlocked.Read(ref _compactions);
    public long RewrittenBytes => Interlocked.Read(ref _rewrittenBytes);

    /// <summary>One run over the neighbours that free most for the least copying; false when none frees as much.</summary>
    public bool TryCompact(long minGainBytes)
    {
        lock (_gate)
        {
            var read = keepFrom();
            var ordered = Candidates();
            return TryCompact_NeedsLock(Before(ordered, read), minGainBytes) || TryCompact_NeedsLock(After(ordered, read), minGainBytes);
        }
    }

    /// <summary>Rewrites everything that holds garbage, or stands under another key than the current one.</summary>
    public void CompactAll(CancellationToken cancellation)
    {
        lock (_gate)
        {
            var read = keepFrom();
            CompactPart_NeedsLock(ordered => Before(ordered, read), cancellation);
            CompactPart_NeedsLock(ordered => After(ordered, read), cancellation);
        }
    }

    private void CompactPart_NeedsLock(Func<List<SegmentFile>, CompactionRun> part, CancellationToken cancellation)
    {
        var last = part(Candidates()).Ordered.LastOrDefault()?.Header.Epoch ?? -1;
        for (var from = 0; ; from++)
        {
            cancellation.ThrowIfCancellationRequested();
            var run = part(Candidates());
            var plan = CompactionPlan.From(run, from, segments.SegmentBytes);
            if (plan is null || run.Ordered[from].Header.Epoch > last) return;
            if (!plan.IsWorthwhile(options.Keys?.CurrentId ?? "")) continue;
            Run_NeedsLock(plan);
            if (plan.LiveBytes + plan.KeptTombstoneBytes == 0) from--;
        }
    }

    private bool TryCompact_NeedsLock(CompactionRun run, long minGainBytes)
    {
        var plan = CompactionPlan.Best(run, segments.SegmentBytes, minGainBytes, options.Keys?.CurrentId ?? "");
        return plan is not null && Run_NeedsLock(plan);
    }

    /// <summary>What lies before the segment that the journal's reader stands in; all where nobody reads.</summary>
    private static CompactionRun Before(List<SegmentFile> ordered, JournalPosition? read)
        => new(OrderOf(ordered, read) is { } order ? ordered.FindAll(segment => segment.Header.Order < order) : ordered, ordered.FirstOrDefault());

    /// <summary>
    /// What the reader has yet to come to. The segment that it stands in keeps its offsets until it has gone on. A deletion is to be read also where
    /// nothing older is left in the log: nothing begins the log for this part.
    /// </summary>
    private static CompactionRun After(List<SegmentFile> ordered, JournalPosition? read)
        => new(OrderOf(ordered, read) is { } order ? ordered.FindAll(segment => segment.Header.Order > order) : [], Oldest: null);

    /// <summary>
    /// The segment that a reader goes on in: what stood there may have been written anew together with those before it. Null where nobody reads.
    /// </summary>
    private static long? OrderOf(List<SegmentFile> ordered, JournalPosition? read)
        => read is { } position ? ordered.FindLast(segment => segment.Header.Order <= position.Order)?.Header.Order ?? position.Order : null;

    private List<SegmentFile> Candidates()
    {
        var ordered = segments.InOrder();
        ordered.RemoveAll(segment => segment.IsReplaced);
        return ordered;
    }

    /// <summary>True when it freed something; else trying again would not either.</summary>
    private bool Run_NeedsLock(CompactionPlan plan)
    {
        RemoveReplaced_NeedsLock();
        var extra = Math.Max(0, plan.MaxCopyBytes - segments.SegmentBytes);
        if (extra > 0 && !segments.TryReserve(extra)) return false;
        SegmentFile? copy = null;
        try
        {
            copy = WriteCopy(plan);
            // Charged before the old ones are released, so that nobody takes the room in between.
            if (copy is not null) segments.Charge(copy.ChargedBytes);
            // From its rename on the copy is the truth, for a start would take it so, whether or not what follows succeeds.
            if (copy is not null)
            {
                foreach (var segment in plan.Segments) segment.IsReplaced = true;
                segments.Door.SyncFolder(segments.Folder);
            }

            // Oldest first, each made durable: a deletion must not go before what it deletes.
            foreach (var segment in plan.Segments) segments.Remove(segment);
            Interlocked.Increment(ref _compactions);
            return (copy?.ChargedBytes ?? 0) < plan.Segments.Sum(segment => segment.ChargedBytes) || copy?.Header.KeyId != plan.Segments[0].Header.KeyId;
        }
        finally
        {
            segments.Charge(-extra);
        }
    }

    /// <summary>
    /// Files that an earlier run could not delete go first. Their copy names them, so it must outlive them: otherwise the
    /// next start would take them for part of the log, with all that was deleted since.
    /// </summary>
    private void RemoveReplaced_NeedsLock()
    {
        var replaced = segments.InOrder().Where(segment => segment.IsReplaced).ToList();
        if (replaced.Count > 0) segments.Door.SyncFolder(segments.Folder);
        foreach (var segment in replaced) segments.Remove(segment);
    }

    /// <summary>The copy, published; null when there was nothing to keep.</summary>
    private SegmentFile? WriteCopy(CompactionPlan plan)
    {
        using var moves = new NativeList<RecordMove>();
        SegmentFile? copy = null;
        var temporary = "";
        using var writer = new SegmentWriter(options.Compression);
        writer.BeginGroup();
        try
        {
            foreach (var segment in plan.Segments)
            {
                var length = Math.Min(segment.Tail, segment.File.Length);
                using var scan = SegmentScan.Confirmed(segment, length);
                for (var i = 0; i < scan.Records.Count; i++)
                {
                    ref readonly var record = ref scan.Records[i];
                    if (record.IsDamaged || record.SizeUnits == 0 || !MustKeep(plan, record, segment.Slot)) continue;
                    if (copy is null)
                    {
                        copy = Begin(plan, out temporary);
                        writer.MoveTo(copy, Location.MaxSegmentBytes);
                    }

                    Copy(writer, record.At(segment.Slot), moves);
                }
            }

            if (copy is null) return null;
            writer.Flush(prepare: false);
            copy.File.Sync();
            segments.Door.Rename(temporary, copy.Path);
            copy.IsUnpublished = false;
        }
        catch
        {
            if (copy is not null)
            {
                segments.RemoveSlot(copy);
                segments.TryDelete(temporary);
                segments.TryDelete(copy.Path);
            }

            throw;
        }

        copy.ChargedBytes = DiskErrors.ToBlocks(copy.Tail);
        copy.PreparedBytes = copy.Tail;
        copy.NeedsHint = true;
        foreach (ref readonly var move in moves.Span) Lead(move);
        copy.IsSealed = true;
        Interlocked.Add(ref _rewrittenBytes, copy.Tail);
        return copy;
    }

    private SegmentFile Begin(CompactionPlan plan, out string temporary)
    {
        var epoch = segments.NextEpoch();
        var path = segments.PathOf(SegmentSet.NameOf(epoch));
        temporary = path + SegmentSet.TemporaryExtension;
        var header = segments.NewHeader(epoch) with { Order = plan.Segments[0].Header.Order, Replaced = plan.Replaced };
        var copy = segments.CreateFile(temporary, DiskOpen.Create, header, path);
        copy.IsUnpublished = true;
        try
        {
            return segments.Add(copy);
        }
        catch
        {
            copy.Dispose();
            segments.TryDelete(temporary);
            throw;
        }
    }

    private void Copy(SegmentWriter writer, in IndexChange from, NativeList<RecordMove> moves)
    {
        var status = reader.ReadPlain(from.Location, out var header, out var body, out var large);
        if (status == RecordReadStatus.Bad) status = reader.ReadPlain(from.Location, out header, out body, out large);
        if (status == RecordReadStatus.Failed) throw new IOException("A record could not be read for compaction.", DiskErrors.InputOutput);
        if (status == RecordReadStatus.Bad) return;
        try
        {
            header.Flags |= RecordFlags.First | RecordFlags.Last;
            var to = writer.Append(header, body, large, out var size);
            moves.Add(new RecordMove(from, to, size));
        }
        finally
        {
            large?.Release();
        }
    }

    private void Lead(in RecordMove move)
    {
        if (move.From.Op is RecordOp.DeleteItem or RecordOp.DeleteSession or RecordOp.Drop) segments.AddTombstone(move.To.Slot, move.Size);
        if (move.From.Op == RecordOp.Drop) return;
        var shard = index.ShardOf(move.From.Session);
        lock (shard.Gate) index.Relocate_NeedsLock(shard, move.From, move.To, move.Size);
    }

    private bool MustKeep(CompactionPlan plan, in HintRecord record, int slot)
    {
        if (record.Operation == RecordOp.Drop) return !plan.BeginsTheLog;
        var change = record.At(slot);
        var shard = index.ShardOf(record.Session);
        lock (shard.Gate)
        {
            if (DiskIndex.Refers_NeedsLock(shard, change)) return true;
            if (plan.BeginsTheLog) return false;
            return record.Operation switch
            {
                RecordOp.DeleteSession => true,
                RecordOp.DeleteItem => plan.IsUnread || index.FindSession_NeedsLock(shard, record.Session) >= 0,
                _ => false,
            };
        }
    }
}

/// <summary>A record that was copied, and where to.</summary>
internal readonly record struct RecordMove(IndexChange From, Location To, long Size);

/// <summary>Segments next to each other in the log, and the log's very first: deletions in it have nothing left to delete. Null: all of them are kept.</summary>
internal readonly record struct CompactionRun(List<SegmentFile> Ordered, SegmentFile? Oldest);

/// <summary>Neighbouring sealed segments that could become one.</summary>
internal sealed record CompactionPlan(IReadOnlyList<SegmentFile> Segments, bool BeginsTheLog, bool IsUnread)
{
    private const int MaxRun = 16;

    public long LiveBytes => Segments.Sum(segment => segment.LiveBytes);

    /// <summary>Deletions that cannot go yet, for older segments stay.</summary>
    public long KeptTombstoneBytes => BeginsTheLog ? 0 : Segments.Sum(segment => segment.TombstoneBytes);

    public long MaxCopyBytes => Segments.Sum(segment => segment.LiveBytes + segment.TombstoneBytes) + (2 * SegmentHeader.Bytes) + (Segments.Count * 4096L);
    public long GainBytes => Segments.Sum(segment => segment.ChargedBytes + segment.HintBytes) - DiskErrors.ToBlocks(LiveBytes + KeptTombstoneBytes + (LiveBytes + KeptTombstoneBytes > 0 ? SegmentHeader.Bytes : 0));

    public IReadOnlyList<long> Replaced => [.. Segments.Select(segment => segment.Header.Epoch)];

    public bool IsWorthwhile(string keyId)
        => GainBytes > 0 && (Segments.Count > 1 || GainBytes > Segments[0].ChargedBytes / 20)
            || Segments.Any(segment => segment.Header.KeyId != keyId);

    /// <summary>The longest run from a place on whose copy fits the scratch; null at the end of the sealed ones.</summary>
    public static CompactionPlan? From(CompactionRun run, int first, long scratchBytes)
    {
        var ordered = run.Ordered;
        if (first >= ordered.Count || !ordered[first].IsSealed) return null;
        var plan = new CompactionPlan([ordered[first]], ReferenceEquals(ordered[first], run.Oldest), IsUnread: run.Oldest is null);
        for (var i = first + 1; i < ordered.Count && i - first < MaxRun && ordered[i].IsSealed; i++)
        {
            var longer = plan with { Segments = [.. plan.Segments, ordered[i]] };
            if (longer.MaxCopyBytes > scratchBytes) break;
            plan = longer;
        }

        return plan;
    }

    public static CompactionPlan? Best(CompactionRun run, long scratchBytes, long minGainBytes, string keyId)
    {
        CompactionPlan? best = null;
        var bestScore = 0.0;
        for (var i = 0; i < run.Ordered.Count; i++)
        {
            for (var plan = From(run, i, scratchBytes); plan is not null; plan = Shorter(plan))
            {
                var gain = plan.GainBytes;
                var isOldKey = plan.Segments.Count == 1 && plan.Segments[0].Header.KeyId != keyId && minGainBytes > 0;
                if (gain < Math.Max(1, minGainBytes) && !isOldKey) continue;
                var score = gain / (double)(plan.LiveBytes + plan.KeptTombstoneBytes + SegmentHeader.Bytes);
                if (isOldKey) score += 1e-6;
                if (best is not null && score <= bestScore) continue;
                (best, bestScore) = (plan, score);
            }
        }

        return best;
    }

    private static CompactionPlan? Shorter(CompactionPlan plan)
        => plan.Segments.Count == 1 ? null : plan with { Segments = [.. plan.Segments.Take(plan.Segments.Count - 1)] };
}
