using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// 1. Close the gates of all sessions, in the order of their hashes, so that two batches cannot wait for each other.
    /// 2. Load what is cold. 3. Under all shards' locks: check every precondition, plan, append one record, change memory.
    /// 4. Open the gates and wait for the ack level.
    /// </summary>
    private async ValueTask<IReadOnlyList<BatchOutcome>> AtomicBatchAsync(
        IReadOnlyList<BatchOperation> operations, CancellationToken cancellationToken)
    {
        if (operations.Any(operation => operation.Kind == BatchKind.Get))
            return Same(operations, new WriteOutcome(WriteStatus.Unprocessable) { Detail = "An atomic batch takes puts and deletes only." });
        var parts = operations.GroupBy(operation => operation.Session, KeyComparer.Instance)
            .Select(group => new BatchPart(group.Key, _memory.HashOf(group.Key), [.. group])).ToList();
        var gates = new SortedDictionary<ulong, SessionGate>();
        BatchResult result;
        try
        {
            foreach (var hash in parts.Select(part => part.Hash).Distinct().Order())
                gates[hash] = await CloseGateAsync(hash, cancellationToken);
            result = await PerformHeldAsync(parts, operations, cancellationToken);
        }
        finally
        {
            foreach (var (hash, gate) in gates) OpenGate(hash, gate);
            foreach (var part in parts.Where(part => !part.TookValues))
                foreach (var operation in part.Operations) operation.Value.Release();
        }

        return await FinishBatchAsync(operations, parts, result, cancellationToken);
    }

    private async ValueTask<BatchResult> PerformHeldAsync(
        List<BatchPart> parts, IReadOnlyList<BatchOperation> operations, CancellationToken cancellationToken)
    {
        foreach (var part in parts) part.DiskIsStale = await WarmAsync(part, cancellationToken);
        var withoutMemory = false;
        while (true)
        {
            var result = TryPerformAll(parts, operations, withoutMemory);
            if (result.Kind == AttemptKind.NoMemory) withoutMemory = !await MakeRoomAsync(result.Bytes, cancellationToken);
            else if (result.Kind == AttemptKind.JournalBusy) await _disk!.WaitRoomAsync(cancellationToken);
            else if (result.Kind == AttemptKind.Forgotten) ForgetDisk(parts);
            else return result;
        }
    }

    /// <summary>Loads a part's session where it is cold. True: the disk holds nothing live of it.</summary>
    private async ValueTask<bool> WarmAsync(BatchPart part, CancellationToken cancellationToken)
    {
        if (_disk is null || IsResident(part.Key, part.Hash) || !_disk.Contains(part.Key)) return false;
        var found = _disk.TryReadHeader(part.Key, out var header, out var items, out _);
        if (found == DiskReadStatus.NotFound || header is null || _rules.Stored(header.Rule, part.Key).IsOver(header, _clock.NowMs)) return true;
        if (!await LoadHeldAsync(part.Key, part.Hash, cancellationToken))
            part.Cold = new ColdSession(_disk, part.Key, header, items);
        return false;
    }

    private unsafe BatchResult TryPerformAll(List<BatchPart> parts, IReadOnlyList<BatchOperation> operations, bool withoutMemory)
    {
        var shards = parts.Select(part => _memory.ShardOf(part.Hash)).Distinct().OrderBy(shard => shard.Index).ToList();
        var locked = 0;
        try
        {
            for (; locked < shards.Count; locked++) shards[locked].Gate.Enter();
            return PerformAll_NeedsLocks(parts, operations, withoutMemory);
        }
        finally
        {
            while (locked > 0) shards[--locked].Gate.Exit();
        }
    }

    private unsafe BatchResult PerformAll_NeedsLocks(List<BatchPart> parts, IReadOnlyList<BatchOperation> operations, bool withoutMemory)
    {
        var (rules, nowMs, batch, taken) = (_rules, _clock.NowMs, new DiskBatch(), 0L);
        foreach (var part in parts)
        {
            var shard = _memory.ShardOf(part.Hash);
            var session = shard.FindSession_NeedsLock(part.Key, part.Hash);
            if (session != null && IsDead(shard, session, rules, nowMs))
            {
                part.DiskIsStale |= session->Flags.Has(SessionFlags.OnDisk);
                _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
                session = null;
            }

            part.Plan(_planner, rules, session == null ? part.Cold ?? PresentSession.Absent : new ResidentSession(shard, (nint)session, rules.Stored(session->RuleId, part.Key)), nowMs);
            batch.ExpectsSession |= part.Cold is not null;
            var terms = new AttemptTerms { WithoutMemory = withoutMemory || part.Cold is not null, DiskIsStale = part.DiskIsStale };
            var refusal = default(Attempt);
            if (part.Refusal is null && part.Planned is { IsRefused: false } plan
                && Prepare_NeedsLock(shard, session, plan, rules, terms, batch, out part.Prepared, out refusal))
            {
                taken += part.Prepared.CostBytes;
                continue;
            }

            if (part.Refusal is null && part.Planned is { Status: WriteStatus.NotFound })
            {
                // Nothing to delete is no harm; what is past its end goes from the disk as in a single call.
                if (part.DiskIsStale) batch.DeleteSession(part.Key, ItemVersion.None);
                continue;
            }

            _memory.Budget.Give(taken);
            if (part.Refusal is not null) return new BatchResult(AttemptKind.Done, 0) { Refusal = part.Refusal };
            return part.Planned!.IsRefused
                ? new BatchResult(AttemptKind.Done, 0) { Refusal = part.Planned.Refusal }
                : new BatchResult(refusal.Kind, 0) { Bytes = taken + refusal.Bytes, Refusal = refusal.Outcome };
        }

        return CommitAll_NeedsLocks(parts, batch, taken);
    }

    private unsafe BatchResult CommitAll_NeedsLocks(List<BatchPart> parts, DiskBatch batch, long taken)
    {
        var appended = TryAppend(batch, out var journalled);
        if (appended != AppendStatus.Ok)
        {
            _memory.Budget.Give(taken);
            MayGoOn(appended, (parts.Find(part => !part.Planned!.IsRefused) ?? parts[0]).Planned!, keep: false, out var refusal);
            return new BatchResult(refusal.Kind, 0) { Refusal = refusal.Outcome };
        }

        foreach (var part in parts.Where(part => !part.Planned!.IsRefused))
        {
            var shard = _memory.ShardOf(part.Hash);
            var session = shard.FindSession_NeedsLock(part.Key, part.Hash);
            part.Owed = Owe(part.Planned!, _rules, part.Prepared, journalled);
            part.TookValues = Commit_NeedsLock(shard, session, part.Hash, part.Planned!, part.Prepared, journalled.Ticket, appended);
            if (part.TookValues) part.ReleaseOverwritten();
        }

        return new BatchResult(AttemptKind.Done, journalled.Ticket);
    }

    private async ValueTask<IReadOnlyList<BatchOutcome>> FinishBatchAsync(
        IReadOnlyList<BatchOperation> operations, List<BatchPart> parts, BatchResult result, CancellationToken cancellationToken)
    {
        CheckPressure();
        if (result.Refusal is { } refusal) return Same(operations, refusal);
        cancellationToken.ThrowIfCancellationRequested();
        var durable = result.Ticket == 0 || parts.All(part => part.Planned!.Rule!.Rule.Ack == AckLevel.Memory)
            || await _disk!.WaitDurableAsync(result.Ticket);
        if (!durable)
            return Same(operations, new WriteOutcome(WriteStatus.Unavailable) { Unavailable = TierSet.Spillover, Detail = "The disk failed while it took the batch: read again, then retry." });
        foreach (var part in parts.Where(part => part.Planned is { IsRefused: false })) SessionWritten?.Invoke(part.Key);
        var byKey = parts.ToDictionary(part => part.Key, KeyComparer.Instance);
        foreach (var part in parts.Where(part => part.Planned is { IsRefused: false }))
            part.Shared = await FinishSharedAsync(new WriteOutcome(part.Planned!.Status) { Rule = part.Planned.Rule!.Rule, Version = part.Planned.Version }, part.Planned, part.Owed, result.Ticket != 0);
        return [.. operations.Select(operation => new BatchOutcome(null, byKey[operation.Session].OutcomeOf(operation)))];
    }

    private static List<BatchOutcome> Same(IReadOnlyList<BatchOperation> operations, WriteOutcome outcome)
        => [.. operations.Select(_ => new BatchOutcome(null, outcome))];

    private async ValueTask<SessionGate> CloseGateAsync(ulong hash, CancellationToken cancellationToken)
    {
        var shard = _memory.ShardOf(hash);
        while (true)
        {
            SessionGate? other;
            lock (shard.Gate)
            {
                if (!shard.Gates.TryGetValue(hash, out other)) return CloseGate_NeedsLock(shard, hash);
            }

            await other.WaitAsync(cancellationToken);
        }
    }

    private unsafe void ForgetDisk(List<BatchPart> parts)
    {
        foreach (var part in parts)
        {
            var shard = _memory.ShardOf(part.Hash);
            part.Cold = null;
            lock (shard.Gate)
            {
                var session = shard.FindSession_NeedsLock(part.Key, part.Hash);
                if (session != null) session->Flags &= ~SessionFlags.OnDisk;
            }
        }
    }

    private readonly record struct BatchResult(AttemptKind Kind, long Ticket)
    {
        public long Bytes { get; init; }
        public WriteOutcome? Refusal { get; init; }
    }
}
