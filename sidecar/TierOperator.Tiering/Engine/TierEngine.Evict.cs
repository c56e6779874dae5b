using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>Victims that cannot leave just now, before a round gives up.</summary>
    private const int PatienceSessions = 64;

    private readonly SemaphoreSlim _evicting = new(1);
    private readonly SemaphoreSlim _pressure = new(0, 1);

    /// <summary>
    /// Evicts whole sessions until memory is at <c>evictToPercent</c> and <paramref name="bytes"/> fit. False when they never
    /// will. One evictor at a time: the second finds the room that the first made.
    /// </summary>
    private async ValueTask<bool> MakeRoomAsync(long bytes, CancellationToken cancellationToken)
    {
        if (_rules.Policy.Memory is not { } memory || bytes > _memory.Budget.LimitBytes) return false;
        await _evicting.WaitAsync(cancellationToken);
        try
        {
            return await EvictDownToAsync(Percent(memory.EvictToPercent), bytes) || Fits(bytes);
        }
        finally
        {
            _evicting.Release();
        }
    }

    private bool Fits(long bytes) => _memory.Budget.FreeBytes >= bytes;

    private long Percent(int percent) => _memory.Budget.CapacityBytes / 100 * percent;

    private async ValueTask<bool> EvictDownToAsync(long goalBytes, long bytes)
    {
        bool IsOver() => _memory.Budget.UsedBytes > goalBytes || !Fits(bytes);

        _memory.FlushTouches();
        while (IsOver())
            if (!await EvictRoundAsync(IsOver)) return !IsOver();
        return true;
    }

    /// <summary>One round while memory is over; false when nothing left memory. The caller is the one evictor.</summary>
    private async ValueTask<bool> EvictRoundAsync(Func<bool> isOver)
    {
        var round = NewRound();
        while (round.Leaving < round.Limit && round.Kept.Count < PatienceSessions
               && isOver() && _memory.Queue.TryEvict(out var slot, out var generation))
            EvictSlot(slot, generation, round);
        await FinishRoundAsync(round);
        return round.Freed > 0;
    }

    private EvictionRound NewRound() => new(_rules.IsMirror ? 1024 : Math.Max(1, _rules.Policy.Spillover?.Batch ?? 1024));

    /// <summary>Takes one victim out, or, when the disk lacks it, sends it there first.</summary>
    private unsafe void EvictSlot(int slot, uint generation, EvictionRound round)
    {
        var shard = _memory.ShardOfSlot(slot);
        lock (shard.Gate)
        {
            if (!_memory.Queue.IsCurrent(slot, generation)) return;
            var session = shard.SessionAt_NeedsLock(slot);
            if (session == null) return;
            var rule = _rules.Stored(session->RuleId, SessionRecord.Key(session));
            if (shard.Gates.ContainsKey(session->Hash) || IsOwedFromMemory(session, rule)) round.Keep(slot, generation, session->Hash, session->CreatedMs);
            else if (IsDead(shard, session, _rules, _clock.NowMs) || !rule.UsesDisk || _disk is null) Drop_NeedsLock(shard, session, round);
            else if (IsClean_NeedsLock(session))
                DropClean_NeedsLock(shard, session, rule, generation, round);
            else
                Spill_NeedsLock(shard, session, rule, generation, round);
        }
    }

    /// <summary>Memory alone holds what a shared tier has yet to hear of.</summary>
    private unsafe bool IsOwedFromMemory(SessionRecord* session, ActiveRule rule)
        => _shared is not null && rule.IsShared && (!rule.UsesDisk || _disk is null) && _shared.Owes(SessionRecord.Key(session).ToArray());

    /// <summary>The disk has, or is about to have, all that memory has.</summary>
    private unsafe bool IsClean_NeedsLock(SessionRecord* session)
        => session->Flags.Has(SessionFlags.OnDisk) && !session->Flags.Has(SessionFlags.Unsettled)
           && !_disk!.IsUnsettled(SessionRecord.Key(session));

    private unsafe void Drop_NeedsLock(MemoryShard shard, SessionRecord* session, EvictionRound round)
    {
        _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
        round.Freed++;
        round.Leaving++;
        _counters.Evicted();
    }

    private unsafe void DropClean_NeedsLock(
        MemoryShard shard, SessionRecord* session, ActiveRule rule, uint generation, EvictionRound round)
    {
        if (session->Ticket > _disk!.DurableTicket && _disk.IsHealthy)
        {
            // On its way to the disk: it may go when it has arrived.
            round.Spilled.Add(new SpilledSession(session->Slot, generation, session->Hash, session->CreatedMs, session->Changes, IsWhole: false));
            round.Ticket = Math.Max(round.Ticket, session->Ticket);
            round.Leaving++;
            return;
        }

        // Now, under the lock: told later, it would overwrite the header of a write that came between.
        if (session->LastAccessMs > session->ToldMs) TellLast_NeedsLock(shard, session, rule);
        Drop_NeedsLock(shard, session, round);
    }

    private unsafe void Spill_NeedsLock(
        MemoryShard shard, SessionRecord* session, ActiveRule rule, uint generation, EvictionRound round)
    {
        var status = Save_NeedsLock(shard, session, rule, out var ticket);
        if (status == AppendStatus.Ok)
        {
            round.Spilled.Add(new SpilledSession(session->Slot, generation, session->Hash, session->CreatedMs, session->Changes, IsWhole: true));
            round.Ticket = Math.Max(round.Ticket, ticket);
            round.Leaving++;
        }
        else if (status is AppendStatus.Full or AppendStatus.TooLarge or AppendStatus.Failing && rule.Rule.Ack == AckLevel.Memory)
        {
            // Memory alone is left of the tiers, and memory is full: its measure decides what is lost, as without a disk.
            _disk!.MarkUnsettled(SessionRecord.Key(session));
            _counters.EvictedUnsaved();
            Drop_NeedsLock(shard, session, round);
        }
        else
        {
            round.Keep(session->Slot, generation, session->Hash, session->CreatedMs);
        }
    }

    /// <summary>
    /// Sends a session to the disk whole. The disk has a copy from then on: a write that comes before the session has left
    /// memory must void it.
    /// </summary>
    private unsafe AppendStatus Save_NeedsLock(MemoryShard shard, SessionRecord* session, ActiveRule rule, out long ticket)
    {
        var status = _disk!.TryAppend(WholeSession_NeedsLock(shard, session, rule), out ticket);
        if (status != AppendStatus.Ok) return status;
        session->Flags = (session->Flags | SessionFlags.OnDisk) & ~SessionFlags.Unsettled;
        session->Ticket = ticket;
        session->ToldMs = session->LastAccessMs;
        return status;
    }

    /// <summary>The record that makes the disk's copy equal to memory's.</summary>
    private unsafe DiskBatch WholeSession_NeedsLock(MemoryShard shard, SessionRecord* session, ActiveRule rule)
    {
        var rules = _rules;
        var key = SessionRecord.Key(session).ToArray();
        var header = shard.HeaderOf_NeedsLock(session, rule);
        var expires = rule.DiskExpiryOf(header);
        var batch = new DiskBatch().DeleteSession(key, header.Floor.Before).PutHeader(key, header, expires);
        for (var item = session->Items; item != null; item = item->Following)
        {
            var name = ItemRecord.Key(item).ToArray();
            if (!rules.ForItem(rule, key, name, null).UsesDisk) continue;
            var value = shard.CopyValue_NeedsLock(item);
            batch.Put(key, header, expires, name, shard.ContentTypeOf_NeedsLock(item), item->Version, value);
            value.Release(); // the shard's own reference outlives the append
        }

        return batch;
    }

    /// <summary>Waits for what was sent to the disk, takes out what did not change meanwhile, puts the rest back.</summary>
    private async ValueTask FinishRoundAsync(EvictionRound round)
    {
        var started = _time.GetTimestamp();
        var arrived = round.Spilled.Count == 0 || await _disk!.WaitDurableAsync(round.Ticket);
        if (round.Spilled.Count > 0) _meter.Spilled(_time.GetElapsedTime(started));
        foreach (var spilled in round.Spilled)
        {
            if (arrived && TakeOut(spilled)) round.Freed++;
            else _memory.Queue.PutBack(spilled.Slot, spilled.Generation, spilled.Hash, spilled.CreatedMs);
        }

        foreach (var kept in round.Kept) _memory.Queue.PutBack(kept.Slot, kept.Generation, kept.Hash, kept.CreatedMs);
    }

    private unsafe bool TakeOut(SpilledSession spilled)
    {
        var shard = _memory.ShardOfSlot(spilled.Slot);
        lock (shard.Gate)
        {
            if (!_memory.Queue.IsCurrent(spilled.Slot, spilled.Generation)) return true; // it has left by itself
            var session = shard.SessionAt_NeedsLock(spilled.Slot);
            if (session == null || session->Changes != spilled.Changes) return false;
            if (shard.Gates.ContainsKey(session->Hash)) return false; // an atomic batch counts on it
            if (spilled.IsWhole) _disk!.Settle(SessionRecord.Key(session)); // the disk has all of it: believe it again
            else if (_disk!.IsUnsettled(SessionRecord.Key(session))) return false;
            if (session->LastAccessMs > session->ToldMs) TellLast_NeedsLock(shard, session, _rules.Stored(session->RuleId, SessionRecord.Key(session)));
            _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
            _counters.Evicted();
            return true;
        }
    }

    /// <summary>Above the threshold the background evictor is woken; a writer itself waits only when nothing is left.</summary>
    private void CheckPressure()
    {
        if (_rules.Policy.Memory is not { } memory) return;
        if (_memory.Budget.UsedBytes > Percent(memory.EvictAtPercent)
            || (memory.MaxSessions > 0 && _memory.SessionCount > memory.MaxSessions))
            SignalPressure();
    }

    private void SignalPressure()
    {
        if (_pressure.CurrentCount > 0) return;
        try
        {
            _pressure.Release();
        }
        catch (SemaphoreFullException)
        {
            // another signal came first: one is enough
        }
    }

    private async Task RelievePressureAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _pressure.WaitAsync(cancellationToken);
            await _evicting.WaitAsync(cancellationToken);
            try
            {
                if (_rules.Policy.Memory is not { } memory) continue;
                if (_memory.Budget.UsedBytes > Percent(memory.EvictAtPercent)) await EvictDownToAsync(Percent(memory.EvictToPercent), 0);
                if (memory.MaxSessions > 0) await TrimSessionsAsync(memory.MaxSessions);
            }
            finally
            {
                _evicting.Release();
            }
        }
    }

    private async ValueTask TrimSessionsAsync(int maxSessions)
    {
        _memory.FlushTouches();
        while (_memory.SessionCount > maxSessions)
        {
            var round = new EvictionRound(_memory.SessionCount - maxSessions);
            while (round.Leaving < round.Limit && round.Kept.Count < PatienceSessions
                   && _memory.Queue.TryEvict(out var slot, out var generation))
                EvictSlot(slot, generation, round);
            await FinishRoundAsync(round);
            if (round.Freed == 0) return;
        }
    }
}

/// <summary>A session that was sent to the disk and leaves memory when it has arrived, unless it changes before.</summary>
internal readonly record struct SpilledSession(int Slot, uint Generation, ulong Hash, long CreatedMs, uint Changes, bool IsWhole);

/// <summary>The sessions that one round of eviction deals with.</summary>
internal sealed class EvictionRound(int limit)
{
    public int Limit => limit;
    public int Leaving { get; set; }
    public int Freed { get; set; }
    public long Ticket { get; set; }
    public List<SpilledSession> Spilled { get; } = [];
    public List<SpilledSession> Kept { get; } = [];

    public void Keep(int slot, uint generation, ulong hash, long createdMs)
        => Kept.Add(new SpilledSession(slot, generation, hash, createdMs, 0, IsWhole: false));
}
