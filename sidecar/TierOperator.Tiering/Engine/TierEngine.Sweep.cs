using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>A sweep visits this many shards, so that all have been visited after eight sweeps.</summary>
    private const int ShardsPerSweep = MemoryTier.ShardCount / 8;

    private int _nextShard;
    private Task _preloading = Task.CompletedTask;

    private void Start()
    {
        if (_disk is not null)
        {
            _disk.StateChanged += OnDiskState;
            _disk.SessionGone += OnDiskGone;
        }

        _lastSpill = _time.GetTimestamp();
        StartShared();
        var token = _closing.Token;
        _background = Task.WhenAll(
            KeepRunning("eviction", () => RelievePressureAsync(token), token),
            KeepRunning("sweep", () => SweepAsync(token), token),
            KeepRunning("children", () => DeleteChildrenAsync(token), token),
            BeginReminding(token));
        _preloading = Task.Run(() => PreloadAsync(token), CancellationToken.None);
    }

    /// <summary>A loop root: what it did not expect is logged and counted, and it goes on.</summary>
    private Task KeepRunning(string name, Func<Task> loop, CancellationToken cancellationToken) => Task.Run(async () =>
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await loop();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                EngineLog.BackgroundFailed(_log, name, error);
                _counters.BackgroundFailed();
                await Task.Delay(_options.SweepEvery, _time, CancellationToken.None);
            }
        }
    }, CancellationToken.None);

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.SweepEvery, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            _clock.Adjust();
            DoubtWhileDeaf();
            await FlushAuditAsync(cancellationToken);
            await SweepOnceAsync(ShardsPerSweep);
            SaveShadow();
            CheckPressure();
        }
    }

    /// <summary>
    /// What time makes due: sessions past their deadline go, copies past their residency or demotion leave memory, the disk
    /// hears of accesses, and under Overflow it takes a batch of what memory has too much of.
    /// </summary>
    internal async ValueTask SweepOnceAsync(int shards)
    {
        for (var i = 0; i < shards; i++)
        {
            var shard = _memory.Shards[_nextShard++ & (MemoryTier.ShardCount - 1)];
            if (shard.SessionCount == 0) continue;
            TellDisk(shard);
            var round = new EvictionRound(int.MaxValue);
            SweepShard(shard, round);
            await FinishRoundAsync(round);
        }

        if (_rules.Policy.Rules.Any(rule => rule.DemoteAfterCount is not null)) await DemoteSurplusAsync();
        await SpillSurplusAsync();
    }

    private unsafe void SweepShard(MemoryShard shard, EvictionRound round)
    {
        var due = new List<(int Slot, uint Generation)>();
        lock (shard.Gate)
        {
            var nowMs = _clock.NowMs;
            var rules = _rules;
            for (var place = 0; place < shard.PlaceCount; place++)
            {
                var session = shard.SessionInPlace_NeedsLock(place);
                if (session == null) continue;
                var rule = rules.Stored(session->RuleId, SessionRecord.Key(session));
                if (IsDead(shard, session, rules, nowMs))
                {
                    SessionExpired?.Invoke(SessionRecord.Key(session).ToArray());
                    _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
                    _counters.Expired();
                }
                else if (rule.UsesDisk && IsDueToLeave_NeedsLock(session, rule, nowMs))
                {
                    due.Add((session->Slot, _memory.Queue.GenerationOf(session->Slot)));
                }
            }
        }

        foreach (var (slot, generation) in due)
            if (_memory.Queue.TryTake(slot, generation)) EvictSlot(slot, generation, round);
    }

    private static unsafe bool IsDueToLeave_NeedsLock(SessionRecord* session, ActiveRule rule, long nowMs)
        => nowMs >= session->LastAccessMs + rule.MemoryTtlMs
           || (rule.Rule.DemoteAfterAge is { } age && nowMs >= session->LastAccessMs + (long)age.TotalMilliseconds);

    /// <summary>A read met a copy past its residency or deadline: it leaves memory, unless the disk lacks it. Look again afterwards.</summary>
    private unsafe void RetireExpired(ReadOnlySpan<byte> key, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session == null) return;
            var rule = _rules.Stored(session->RuleId, key);
            var nowMs = _clock.NowMs;
            if (!MemoryShard.IsExpired_NeedsLock(session, rule, nowMs)) return;
            if (!IsDead(shard, session, _rules, nowMs) && rule.UsesDisk && _disk is not null
                && (session->Ticket > _disk.DurableTicket || !IsClean_NeedsLock(session)))
            {
                // The disk lacks what memory holds, or lacks it yet: this access renews the copy's stay.
                shard.Access_NeedsLock(session, rule, nowMs);
                return;
            }

            if (session->LastAccessMs > session->ToldMs && session->Flags.Has(SessionFlags.OnDisk)) TellLast_NeedsLock(shard, session, rule);
            _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
            _counters.Expired();
        }
    }

    private unsafe void TellLast_NeedsLock(MemoryShard shard, SessionRecord* session, ActiveRule rule)
    {
        var header = shard.HeaderOf_NeedsLock(session, rule);
        _disk!.TryAppend(
            new DiskBatch { ExpectsSession = true, MayBeLost = true }.PutHeader(SessionRecord.Key(session).ToArray(), header, rule.DiskExpiryOf(header)),
            out _);
    }

    private unsafe void TellDisk(MemoryShard shard)
    {
        if (_disk is null && _shared is null) return;
        lock (shard.Gate)
        {
            var batch = new DiskBatch { ExpectsSession = true, MayBeLost = true };
            foreach (var slot in shard.TakeTelling_NeedsLock())
            {
                var session = shard.SessionAt_NeedsLock(slot);
                if (session == null) continue;
                session->Flags &= ~SessionFlags.Telling;
                var rule = _rules.Stored(session->RuleId, SessionRecord.Key(session));
                var header = shard.HeaderOf_NeedsLock(session, rule);
                session->ToldMs = session->LastAccessMs;
                OweTouch(SessionRecord.Key(session).ToArray(), header, rule);
                if (session->Flags.Has(SessionFlags.OnDisk)) batch.PutHeader(SessionRecord.Key(session).ToArray(), header, rule.DiskExpiryOf(header));
            }

            if (batch.Count > 0) _disk!.TryAppend(batch, out _);
        }
    }

    /// <summary>Beyond a rule's count the sessions that were used longest ago move down.</summary>
    private async ValueTask DemoteSurplusAsync()
    {
        foreach (var rule in _rules.Policy.Rules)
        {
            if (rule.DemoteAfterCount is not { } count || !_rules[rule].UsesDisk) continue;
            var members = MembersOf(_rules[rule]);
            if (members.Count <= count) continue;
            members.Sort(static (left, right) => left.LastAccessMs.CompareTo(right.LastAccessMs));
            var round = new EvictionRound(int.MaxValue);
            foreach (var (slot, generation, _) in members.Take(members.Count - count))
                if (_memory.Queue.TryTake(slot, generation)) EvictSlot(slot, generation, round);
            await FinishRoundAsync(round);
        }
    }

    private unsafe List<(int Slot, uint Generation, long LastAccessMs)> MembersOf(ActiveRule rule)
    {
        var members = new List<(int, uint, long)>();
        foreach (var shard in _memory.Shards)
        {
            lock (shard.Gate)
            {
                for (var place = 0; place < shard.PlaceCount; place++)
                {
                    var session = shard.SessionInPlace_NeedsLock(place);
                    if (session != null && session->RuleId == rule.Id)
                        members.Add((session->Slot, _memory.Queue.GenerationOf(session->Slot), session->LastAccessMs));
                }
            }
        }

        return members;
    }

    /// <summary>The disk evicted or expired a session by its own measure: memory's copy is the only one now.</summary>
    private unsafe void OnDiskGone(byte[] key, SessionGoneReason reason)
    {
        var hash = _memory.HashOf(key);
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session != null) session->Flags &= ~SessionFlags.OnDisk;
        }
    }

    private void OnDiskState(DiskState state)
    {
        EngineLog.DiskState(_log, state);
        if (state == DiskState.Healthy) _ = Task.Run(() => ResettleAsync(_closing.Token), CancellationToken.None);
    }

    /// <summary>
    /// The disk is back: what memory changed meanwhile is written whole. What memory no longer holds is deleted there where memory
    /// alone had acknowledged it, because the disk's copy is older; elsewhere the failed write was refused, and the copy stands.
    /// </summary>
    internal async Task ResettleAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _disk!.Unsettled)
        {
            if (cancellationToken.IsCancellationRequested || !_disk.IsHealthy) return;
            var status = Rewrite(key, out var ticket);
            while (status == AppendStatus.Busy)
            {
                await _disk.WaitRoomAsync(cancellationToken);
                status = Rewrite(key, out ticket);
            }

            if (status == AppendStatus.Ok && await _disk.WaitDurableAsync(ticket)) _disk.Settle(key);
        }
    }

    private unsafe AppendStatus Rewrite(byte[] key, out long ticket)
    {
        var hash = _memory.HashOf(key);
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            ticket = 0;
            if (!_disk!.IsUnsettled(key)) return AppendStatus.Ok; // it was sent there whole meanwhile
            var session = shard.FindSession_NeedsLock(key, hash);
            var rule = session == null ? _rules[_rules.Policy.Matcher.MatchSession(key, null)] : _rules.Stored(session->RuleId, key);
            if (session == null && rule.Rule.Ack != AckLevel.Memory) return AppendStatus.Ok;
            var keep = session != null && rule.UsesDisk && _rules.IsMirror;
            var batch = keep ? WholeSession_NeedsLock(shard, session, rule) : new DiskBatch().DeleteSession(key, ItemVersion.None);
            var status = _disk.TryAppend(batch, out ticket);
            if (status != AppendStatus.Ok || session == null) return status;
            session->Ticket = ticket;
            session->Flags &= ~(SessionFlags.Unsettled | SessionFlags.OnDisk);
            if (keep) session->Flags |= SessionFlags.OnDisk;
            return status;
        }
    }

    private void SwapEviction(CompiledPolicy policy)
    {
        foreach (var (slot, generation) in _memory.Queue.Swap(NewEviction(policy))) PutBack(slot, generation);
    }

    private unsafe void PutBack(int slot, uint generation)
    {
        var shard = _memory.ShardOfSlot(slot);
        lock (shard.Gate)
        {
            var session = shard.SessionAt_NeedsLock(slot);
            if (session != null) _memory.Queue.PutBack(slot, generation, session->Hash, session->CreatedMs);
        }
    }
}
