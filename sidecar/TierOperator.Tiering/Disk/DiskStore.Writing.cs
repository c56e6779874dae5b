using System.Runtime.InteropServices;

namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    /// <summary>The highest ticket whose outcome is known; <see cref="WaitDurableAsync"/> tells which.</summary>
    public long DurableTicket => _commit.DurableTicket;
    public long PendingBytes => _commit.PendingBytes;

    /// <summary>
    /// Takes a batch, to be written with the next group. Encodes on the caller's thread and never waits for the disk.
    /// </summary>
    public AppendStatus TryAppend(DiskBatch batch, out long ticket)
    {
        ticket = 0;
        if (batch.Count == 0) return AppendStatus.Ok;
        if (Refusal() is { } refusal) return refusal;
        var tombstones = _options.Tombstones > TimeSpan.Zero ? NowMs + (long)_options.Tombstones.TotalMilliseconds : 0;
        var size = Measure(batch);
        if (size > Math.Min(Location.MaxSegmentBytes / 2, UsableBytes / 2)) return AppendStatus.TooLarge;
        if (!HasRoom(size)) return NoRoom(size);
        var pending = _encoder.Encode(batch, tombstones);
        var taken = _commit.Enqueue((Gone: _gone, Pending: pending, batch.ExpectsSession), static state => state.Gone.Admit(state.Pending, state.ExpectsSession) ? state.Pending : null, Publish);
        if (taken is null) pending.Release();
        ticket = taken?.Ticket ?? 0;
        return taken is null ? AppendStatus.Gone : AppendStatus.Ok;
    }

    /// <summary>Batches that this thread appends until <see cref="EndGathering"/> share a sync: for a thread that serves many callers in turns.</summary>
    public static void BeginGathering() => GroupCommit.BeginGathering();

    public void EndGathering() => _commit.EndGathering();

    /// <summary>True when the ticket's batch is durable, false when its write failed.</summary>
    public ValueTask<bool> WaitDurableAsync(long ticket) => _commit.WaitAsync(ticket);

    /// <summary>Completes when it is worth trying again after <see cref="AppendStatus.Busy"/>.</summary>
    public ValueTask WaitRoomAsync(CancellationToken cancellation)
    {
        // The round is taken before the look: one that ends in between is then seen to have ended.
        var round = _round;
        if (Interlocked.Read(ref _wantedBytes) == 0) return _commit.WaitRoomAsync(cancellation);
        // Who waits for a round asks for it: the append that wanted the bytes may have been told Full, and have asked for none.
        Wake();
        return new ValueTask(round.Task.WaitAsync(cancellation));
    }

    /// <summary>Completes when everything appended before is decided.</summary>
    public ValueTask FlushAsync(CancellationToken cancellation) => _commit.FlushAsync(cancellation);

    public IReadOnlyCollection<byte[]> Unsettled => _unsettled.Keys;
    public int UnsettledCount => _unsettled.Count;

    /// <summary>Declares that the disk misses the session's latest state; false when there are too many such sessions.</summary>
    public bool MarkUnsettled(ReadOnlySpan<byte> session)
        => _unsettled.Add(_hash.Session(session), session.ToArray(), must: false);

    /// <summary>True while what the disk holds of the session is not to be believed.</summary>
    public bool IsUnsettled(ReadOnlySpan<byte> session) => _unsettled.Count > 0 && _unsettled.Contains(_hash.Session(session));

    /// <summary>Believes the disk again; call it when the session's whole state was appended anew.</summary>
    public void Settle(ReadOnlySpan<byte> session) => _unsettled.Remove(_hash.Session(session));

    /// <summary>Under one lock from the write to the index: who seals the log finds nothing between the two.</summary>
    void ICommitTarget.Commit(List<PendingBatch> batches, Action<int> decide)
    {
        lock (_logGate)
        {
            var started = _time.GetTimestamp();
            var durable = 0;
            if (!_hasFault)
            {
                durable = _log.Write(batches, out var failure);
                if (failure is not null) OnFault(failure);
            }

            // Unsettled first: a waiter that is told of the failure must find the session so.
            for (var i = durable; i < batches.Count; i++) Abandon(batches[i]);
            decide(durable);
            _metrics?.Committed(_time.GetElapsedTime(started), batches.Count, failed: durable < batches.Count);
            for (var i = 0; i < durable; i++) Apply(batches[i]);
        }
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private AppendStatus? Refusal() => State switch
    {
        DiskState.Failing => AppendStatus.Failing,
        DiskState.Full when _hasFault => AppendStatus.Full,
        _ when _unsettled.IsFull => AppendStatus.Failing,
        _ => _commit.IsBusy ? AppendStatus.Busy : null,
    };

    private static long Measure(DiskBatch batch)
    {
        var bytes = 0L;
        foreach (var operation in batch.Operations)
            bytes += RecordHeader.Bytes + SegmentCipher.TagBytes + RecordHeader.Alignment + RecordMeta.MaxBytes(operation) + operation.Value.Length;
        return bytes;
    }

    /// <summary>Makes the operations visible to reads; called in the order of the tickets.</summary>
    private void Publish(PendingBatch batch)
    {
        foreach (var operation in batch.Operations)
        {
            if (operation.Dropped is { } dropped)
            {
                _gone.Add(dropped);
                foreach (var session in dropped) AddPending(session, operation);
            }
            else
            {
                AddPending(operation.Header.Session, operation);
            }
        }
    }

    private void AddPending(Hash128 session, PendingOperation operation)
    {
        var shard = _index.ShardOf(session);
        lock (shard.Gate)
        {
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(shard.Pending, session, out _);
            (list ??= new List<PendingOperation>(1)).Add(operation);
        }
    }

    /// <summary>Moves a durable batch from the pending operations to the index.</summary>
    private void Apply(PendingBatch batch)
    {
        if (batch.IsApplied) return;
        batch.IsApplied = true;
        var operations = batch.Operations;
        for (var i = 0; i < operations.Length;)
        {
            if (operations[i].Dropped is { } dropped)
            {
                ApplyDrop(operations[i++], dropped);
                continue;
            }

            // All operations of one session under one lock: a reader sees the batch whole or not at all.
            var session = operations[i].Header.Session;
            var shard = _index.ShardOf(session);
            lock (shard.Gate)
            {
                for (; i < operations.Length && operations[i].Header.Session == session; i++)
                {
                    var change = ChangeOf(operations[i]);
                    _index.Apply_NeedsLock(shard, change);
                    _index.Remember_NeedsLock(shard, change);
                    RemovePending_NeedsLock(shard, session, operations[i]);
                }
            }
        }
    }

    private void ApplyDrop(PendingOperation operation, Hash128[] dropped)
    {
        _segments.AddTombstone(operation.Written.Slot, operation.StoredBytes);
        foreach (var session in dropped)
        {
            var shard = _index.ShardOf(session);
            lock (shard.Gate)
            {
                _index.Apply_NeedsLock(shard, ChangeOf(operation) with { Session = session });
                RemovePending_NeedsLock(shard, session, operation);
            }
        }
    }

    private static IndexChange ChangeOf(PendingOperation operation) => new(
        operation.Header.Op, operation.Header.Session, operation.Header.Item, operation.Written, operation.StoredBytes,
        operation.Header.ExpiresMs, operation.Header.Access);

    private static void RemovePending_NeedsLock(IndexShard shard, Hash128 session, PendingOperation operation)
    {
        if (!shard.Pending.TryGetValue(session, out var list)) return;
        list.Remove(operation);
        if (list.Count == 0) shard.Pending.Remove(session);
    }

    /// <summary>A batch that was not written: its sessions are unsettled until their owner writes them again.</summary>
    private void Abandon(PendingBatch batch)
    {
        foreach (var operation in batch.Operations)
        {
            // An eviction that was not written has not happened: the session is still there, whole.
            foreach (var session in operation.Dropped ?? [operation.Header.Session])
            {
                var shard = _index.ShardOf(session);
                lock (shard.Gate)
                {
                    if (operation.Dropped is null && !batch.MayBeLost)
                        _unsettled.Add(session, RecordMeta.Read(operation.Body[..(int)operation.Header.MetaLength], operation.Header.Op).SessionKey, must: true);
                    RemovePending_NeedsLock(shard, session, operation);
                }
            }
        }
    }
}
