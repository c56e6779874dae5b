using System.Buffers;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private readonly ColdAccesses _cold = new();

    /// <summary>
    /// The hot path: a hit in memory, synchronous, without allocation. A small value is copied to
    /// <paramref name="destination"/>, a large one is shared and the caller releases it. False says nothing about the tiers
    /// below: ask <see cref="ReadAsync"/>.
    /// </summary>
    public bool TryReadMemory(ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, Span<byte> destination, out MemoryHit hit)
    {
        hit = default;
        var hash = _memory.HashOf(session);
        return _memory.ShardOf(hash).TryRead(session, hash, item, _clock.NowMs, _rules, destination, ref hit) == MemoryAnswer.Hit;
    }

    /// <summary>Reads one item from the first tier that has it.</summary>
    public async ValueTask<ReadOutcome> ReadAsync(
        ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
    {
        var hash = _memory.HashOf(session.Span);
        for (var round = 0; ; round++)
        {
            var answer = ReadMemory(session.Span, item.Span, hash, out var outcome);
            if (answer == MemoryAnswer.Hit) return outcome;
            if (answer == MemoryAnswer.Expired)
            {
                RetireExpired(session.Span, hash);
                continue;
            }

            if (answer == MemoryAnswer.Suspect)
            {
                var ended = await CompareAsync(session, hash, cancellationToken);
                if (ended.Away != TierSet.None) return await SuspectItemAsync(session, item, hash, ended.Away, cancellationToken);
                if (round < MostComparisons) continue;
                return await ReadTogetherAsync(session, item, hash, cancellationToken);
            }

            var comparison = answer == MemoryAnswer.Below ? await CompareBelowAsync(session, hash, cancellationToken) : Comparison.Done;
            if (comparison.IsOpen && round < MostComparisons) continue;
            if (comparison.IsOpen) return await ReadTogetherAsync(session, item, hash, cancellationToken);
            if (answer != MemoryAnswer.Absent && _disk is not null && _disk.Contains(session.Span))
                outcome = await ReadBelowAsync(session, item, hash, cancellationToken);
            else
                outcome = NotFound(session.Span);
            if (!comparison.IsDone) return Doubtful(session.Span, outcome, comparison.Away);
            if (outcome.Status != ReadStatus.Found && answer == MemoryAnswer.Below && _shared is not null)
                outcome = await ReadSharedAsync(session, item, hash, cancellationToken);

            // Between the two looks the session may have moved up, and the disk's copy have been voided: look again.
            if (outcome.Status != ReadStatus.NotFound || round >= 2 || !IsResident(session.Span, hash) || answer == MemoryAnswer.Absent)
            {
                if (outcome.Status == ReadStatus.NotFound) CountMiss(hash, outcome.Rule);
                return outcome;
            }
        }
    }

    private MemoryAnswer ReadMemory(ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, ulong hash, out ReadOutcome outcome, bool evenSuspect = false)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ItemValue.LargeFrom);
        try
        {
            MemoryHit hit = default;
            var answer = _memory.ShardOf(hash).TryRead(session, hash, item, _clock.NowMs, _rules, buffer, ref hit, evenSuspect);
            outcome = answer != MemoryAnswer.Hit ? default : new ReadOutcome(ReadStatus.Found)
            {
                Value = hit.Large is { } large ? new ItemValue(large) : new ItemValue(buffer.AsSpan(0, (int)hit.Length).ToArray()),
                ContentType = hit.ContentType,
                Version = hit.Version,
                Rule = hit.Rule,
                Source = TierSet.Memory,
            };
            return answer;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<ReadOutcome> ReadBelowAsync(
        ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, ulong hash, CancellationToken cancellationToken)
    {
        var rules = _rules;
        var status = _disk!.TryReadItem(session.Span, item.Span, out var found);
        if (status == DiskReadStatus.Unavailable) return UnavailableBelow(session.Span);
        if (status == DiskReadStatus.NotFound) return NotFound(session.Span);
        var rule = rules.Stored(found.Header.Rule, session.Span);
        if (rule.IsOver(found.Header, _clock.NowMs))
        {
            found.Item.Value.Release();
            return NotFound(session.Span);
        }

        _counters.DiskHit();
        CountRule(rule, TierSet.Spillover, found.Item.Value.Length, found.Header);
        await AccessColdAsync(session, hash, found.Header, rule, cancellationToken);
        return new ReadOutcome(ReadStatus.Found)
        {
            Value = found.Item.Value,
            ContentType = found.Item.ContentType,
            Version = found.Item.Version,
            Source = TierSet.Spillover,
            Rule = rule.Rule,
        };
    }

    /// <summary>Reads a whole session.</summary>
    public async ValueTask<SessionReadOutcome> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var hash = _memory.HashOf(session.Span);
        for (var round = 0; ; round++)
        {
            var answer = SnapshotMemory(session.Span, hash, out var outcome);
            if (answer == MemoryAnswer.Hit && (_shared is null || !outcome.Session!.Header.IsPartial)) return outcome;
            if (answer == MemoryAnswer.Expired)
            {
                RetireExpired(session.Span, hash);
                continue;
            }

            if (answer == MemoryAnswer.Suspect)
            {
                var ended = await CompareAsync(session, hash, cancellationToken);
                if (ended.Away != TierSet.None) return SuspectSession(session.Span, hash, ended.Away);
                if (round < MostComparisons) continue;
                return await ReadSessionTogetherAsync(session, hash, cancellationToken);
            }

            if (answer == MemoryAnswer.Hit) return await ReadSessionSharedAsync(session, hash, outcome, cancellationToken);
            var comparison = answer == MemoryAnswer.Below ? await CompareBelowAsync(session, hash, cancellationToken) : Comparison.Done;
            if (comparison.IsOpen && round < MostComparisons) continue;
            if (comparison.IsOpen) return await ReadSessionTogetherAsync(session, hash, cancellationToken);
            outcome = _disk is not null && _disk.Contains(session.Span)
                ? await SnapshotBelowAsync(session, hash, cancellationToken)
                : new SessionReadOutcome(ReadStatus.NotFound);
            if (!comparison.IsDone) return DoubtfulSession(session.Span, outcome, comparison.Away);
            if (_shared is not null) outcome = await ReadSessionSharedAsync(session, hash, outcome, cancellationToken);
            if (outcome.Status == ReadStatus.NotFound && round < 2 && IsResident(session.Span, hash)) continue;
            if (outcome.Status == ReadStatus.NotFound) CountMiss(hash, outcome.Rule ?? _rules.Policy.Matcher.MatchSession(session.Span, null));
            return outcome;
        }
    }

    private unsafe MemoryAnswer SnapshotMemory(ReadOnlySpan<byte> key, ulong hash, out SessionReadOutcome outcome, bool evenSuspect = false)
    {
        outcome = new SessionReadOutcome(ReadStatus.NotFound);
        var shard = _memory.ShardOf(hash);
        var rules = _rules;
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session == null) return MemoryAnswer.Below;
            var rule = rules.Stored(session->RuleId, key);
            var nowMs = _clock.NowMs;
            if (MemoryShard.IsExpired_NeedsLock(session, rule, nowMs)) return MemoryAnswer.Expired;
            if (session->Flags.Has(SessionFlags.Suspect) && !evenSuspect) return MemoryAnswer.Suspect;
            var snapshot = shard.Snapshot_NeedsLock(session, rule);
            if (session->Flags.Has(SessionFlags.HasDiskItems)) snapshot = WithDiskItems(snapshot);
            shard.Hit_NeedsLock(session, rule, nowMs, BytesOf(snapshot));
            outcome = new SessionReadOutcome(ReadStatus.Found) { Session = snapshot, Source = TierSet.Memory, Rule = rule.Rule };
            return MemoryAnswer.Hit;
        }
    }

    /// <summary>Adds the items that their own rule keeps on disk only.</summary>
    private SessionSnapshot WithDiskItems(SessionSnapshot session)
    {
        if (_disk!.TryReadSession(session.Key, out var below) != DiskReadStatus.Found) return session;
        var items = new List<ItemSnapshot>(session.Items);
        foreach (var item in below.Items)
        {
            if (items.Exists(present => present.Key.AsSpan().SequenceEqual(item.Key))) item.Value.Release();
            else items.Add(item);
        }

        return session with { Items = items };
    }

    private async ValueTask<SessionReadOutcome> SnapshotBelowAsync(
        ReadOnlyMemory<byte> key, ulong hash, CancellationToken cancellationToken)
    {
        var status = _disk!.TryReadSession(key.Span, out var session);
        if (status == DiskReadStatus.Unavailable)
        {
            var refused = UnavailableBelow(key.Span);
            return new SessionReadOutcome(refused.Status) { Unavailable = refused.Unavailable, Rule = refused.Rule };
        }

        if (status == DiskReadStatus.NotFound) return new SessionReadOutcome(ReadStatus.NotFound);
        var rule = _rules.Stored(session.Header.Rule, key.Span);
        if (rule.IsOver(session.Header, _clock.NowMs))
        {
            session.Release();
            return new SessionReadOutcome(ReadStatus.NotFound);
        }

        _counters.DiskHit();
        CountRule(rule, TierSet.Spillover, BytesOf(session), session.Header);
        await AccessColdAsync(key, hash, session.Header, rule, cancellationToken);
        return new SessionReadOutcome(ReadStatus.Found) { Session = session, Source = TierSet.Spillover, Rule = rule.Rule };
    }

    /// <summary>A hit on disk: the session moves up when it has earned it, else the disk hears of the access in time.</summary>
    private async ValueTask AccessColdAsync(
        ReadOnlyMemory<byte> key, ulong hash, SessionHeader header, ActiveRule rule, CancellationToken cancellationToken)
    {
        var isDue = rule.UsesMemory && IsDueForPromotion(hash, header, rule);
        var isTold = _clock.NowMs - header.LastAccessMs < rule.TellEveryMs;
        if (!isDue) _memory.Queue.Miss(hash);
        if (!isDue && isTold) return;
        if (TryCloseGate(key.Span, hash) is not { } gate) return; // somebody is at it already
        try
        {
            if (isDue && await LoadHeldAsync(key, hash, cancellationToken)) return;
            if (!isTold) TellColdHeld(key, rule);
        }
        finally
        {
            OpenGate(hash, gate);
        }
    }

    private void TellColdHeld(ReadOnlyMemory<byte> key, ActiveRule rule)
    {
        if (_disk!.TryReadHeader(key.Span, out var header, out _, out _) != DiskReadStatus.Found) return;
        var nowMs = _clock.NowMs;
        var told = header with
        {
            LastAccessMs = nowMs,
            Accesses = header.Accesses + 1,
            DeadlineMs = rule.DeadlineOf(header.ExplicitDeadline, header.DeadlineMs, nowMs),
        };
        _disk.TryAppend(new DiskBatch { ExpectsSession = true, MayBeLost = true }.PutHeader(key, told, rule.DiskExpiryOf(told)), out _);
    }

    /// <summary>Closes the gate of a cold session; null when another holds it or memory has the session by now.</summary>
    private unsafe SessionGate? TryCloseGate(ReadOnlySpan<byte> key, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            if (shard.Gates.ContainsKey(hash) || shard.FindSession_NeedsLock(key, hash) != null) return null;
            return CloseGate_NeedsLock(shard, hash);
        }
    }

    private unsafe bool IsResident(ReadOnlySpan<byte> key, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate) return shard.FindSession_NeedsLock(key, hash) != null;
    }

    private ReadOutcome NotFound(ReadOnlySpan<byte> session)
        => new(ReadStatus.NotFound) { Rule = _rules.Policy.Matcher.MatchSession(session, null) };

    private ReadOutcome UnavailableBelow(ReadOnlySpan<byte> session)
    {
        var rule = _rules.Policy.Matcher.MatchSession(session, null);
        return new ReadOutcome(rule.OnTierFailure == TierFailure.Fail ? ReadStatus.Unavailable : ReadStatus.NotFound)
        {
            Unavailable = TierSet.Spillover,
            Rule = rule,
        };
    }
}
