using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// A write to a session that only the disk holds, under its gate. 1. Look at its header. 2. Load it when it has earned its
    /// place in memory or the change needs it whole; the write then goes on as for any resident session. 3. Else write below
    /// memory.
    /// </summary>
    private async ValueTask<Attempt> MutateColdAsync(
        SessionMutation mutation, ulong hash, SessionGate gate, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var attempt = await TryMutateColdAsync(mutation, hash, cancellationToken);
                if (attempt.Kind == AttemptKind.Done) return attempt;
                if (attempt.Kind == AttemptKind.JournalBusy) await _disk!.WaitRoomAsync(cancellationToken);
            }
        }
        finally
        {
            OpenGate(hash, gate);
        }
    }

    private async ValueTask<Attempt> TryMutateColdAsync(SessionMutation mutation, ulong hash, CancellationToken cancellationToken)
    {
        var nowMs = _clock.NowMs;
        var found = _disk!.TryReadHeader(mutation.Key.Span, out var header, out var items, out _);

        // What a tier is owed stays on disk past its time there: nothing of it goes with what is written now.
        if (found == DiskReadStatus.NotFound && !MayLeaveDisk(mutation.Key)) found = _disk.TryReadHeader(mutation.Key.Span, out header, out items, out _, evenExpired: true);
        if (found == DiskReadStatus.Unavailable) return UnreadableDisk(mutation);
        var isLive = found == DiskReadStatus.Found && !_rules.Stored(header.Rule, mutation.Key.Span).IsOver(header, nowMs);
        if (!isLive) return await MutateHeldAsync(mutation, hash, diskIsStale: true, cancellationToken);

        var rules = _rules;
        var stored = rules.Stored(header.Rule, mutation.Key.Span);
        var needsWhole = mutation.Decide is not null || rules.Policy.Matcher.NeedsFields(mutation.Key.Span)
            || !ReferenceEquals(rules[rules.Policy.Matcher.MatchSession(mutation.Key.Span, null)], stored);
        var isDue = stored.UsesMemory && (!rules.IsMirror || needsWhole || IsDueForPromotion(hash, header, stored));
        if (isDue && !mutation.Delete && await LoadHeldAsync(mutation.Key, hash, cancellationToken))
            return await MutateHeldAsync(mutation, hash, diskIsStale: false, cancellationToken);
        return WriteBelow(mutation, new ColdSession(_disk, mutation.Key, header, items), rules, nowMs);
    }

    /// <summary>The ordinary way, by the holder of the gate.</summary>
    private async ValueTask<Attempt> MutateHeldAsync(
        SessionMutation mutation, ulong hash, bool diskIsStale, CancellationToken cancellationToken)
    {
        var withoutMemory = false;
        while (true)
        {
            var attempt = TryMutate(
                mutation, hash, new AttemptTerms { OwnsGate = true, DiskIsStale = diskIsStale, WithoutMemory = withoutMemory });
            if (attempt.Kind == AttemptKind.NoMemory)
                withoutMemory = !await MakeRoomAsync(attempt.Bytes, cancellationToken);
            else if (attempt.Kind == AttemptKind.JournalBusy)
                await _disk!.WaitRoomAsync(cancellationToken);
            else if (attempt.Kind != AttemptKind.Forgotten)
                return attempt;
        }
    }

    /// <summary>Changes a session where it is, on disk.</summary>
    private Attempt WriteBelow(SessionMutation mutation, ColdSession present, RuleTable rules, long nowMs)
    {
        if (_changed.AnySince(mutation.AskedAt, _memory.HashOf(mutation.Key.Span))) return Void; // whoever changes it holds the gate that is ours now
        var plan = _planner.Plan(rules, present, mutation, nowMs);
        if (plan.IsRefused) return new Attempt(AttemptKind.Done) { Plan = plan, Outcome = plan.Refusal };
        if (SharedRefusal(plan, rules, plan.Mutation.SettledIn, keep: false, goesBelow: true) is { } shared) return shared;
        var appended = AppendBelow(plan, rules, out var ticket, out var owed);
        if (appended == AppendStatus.Ok)
        {
            return new Attempt(AttemptKind.Done)
            {
                Plan = plan,
                Ticket = ticket,
                Owed = owed,
                Outcome = new WriteOutcome(plan.Status) { Version = plan.Version, Rule = plan.Rule!.Rule, Pending = TierSet.None },
            };
        }

        MayGoOn(appended, plan, keep: false, out var refusal);
        return refusal;
    }

    /// <summary>Under the shard's lock, as every append with its note: whoever asks how far the tiers are waits for both.</summary>
    private AppendStatus AppendBelow(SessionPlan plan, RuleTable rules, out long ticket, out OwedWaits owed)
    {
        owed = default;
        var batch = BatchBelow(plan);
        lock (_memory.ShardOf(_memory.HashOf(plan.Mutation.Key.Span)).Gate)
        {
            var since = _disk!.JournalEnd;
            var appended = _disk.TryAppend(batch, out ticket);
            if (appended == AppendStatus.Ok) owed = Owe(plan, rules, isHeld: true, since);
            return appended;
        }
    }

    private static DiskBatch BatchBelow(SessionPlan plan)
    {
        var key = plan.Mutation.Key;
        var batch = new DiskBatch { ExpectsSession = !plan.Mutation.Replace && !plan.Mutation.Delete };
        if (plan.Mutation.Replace || plan.Mutation.Delete) batch.DeleteSession(key, GoneUpTo(plan));
        if (plan.Mutation.Delete) return batch;
        var expires = plan.Rule!.DiskExpiryOf(plan.Header!);
        if (!plan.Mutation.Replace)
            foreach (var item in plan.Deletes) batch.DeleteItem(key, plan.Header!, expires, item, plan.Version);
        foreach (var put in plan.Puts)
            batch.Put(key, plan.Header!, expires, put.Write.Item, put.Write.ContentType, put.Version, put.Write.Value, plan.SeenOf(put.Write.Item));
        if (plan.Puts.Count == 0) batch.PutHeader(key, plan.Header!, expires);
        return batch;
    }

    private Attempt UnreadableDisk(SessionMutation mutation)
    {
        var rule = _rules.Policy.Matcher.MatchSession(mutation.Key.Span, null);
        return new Attempt(AttemptKind.Done)
        {
            Outcome = new WriteOutcome(WriteStatus.Unavailable)
            {
                Rule = rule,
                Unavailable = TierSet.Spillover,
                Detail = "The disk tier cannot say what it holds of this session: retry later.",
            },
        };
    }

    /// <summary>
    /// Brings a cold session into memory whole. The caller holds its gate, so that there is one load however many wait. False
    /// when memory has no room or the disk no such session.
    /// </summary>
    private async ValueTask<bool> LoadHeldAsync(ReadOnlyMemory<byte> key, ulong hash, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        if (_disk!.TryReadSession(key.Span, out var session) != DiskReadStatus.Found) return false;
        try
        {
            var rules = _rules;
            var rule = rules.Stored(session.Header.Rule, key.Span);
            if (!rule.UsesMemory || rule.IsOver(session.Header, _clock.NowMs)) return false;
            var cost = CostOf(session, rules, rule);
            if (!_memory.Budget.TryTake(cost) && !(await MakeRoomAsync(cost, cancellationToken) && _memory.Budget.TryTake(cost)))
            {
                _counters.LoadRefused();
                return false;
            }

            Insert(session, hash, rules, rule, cost);
            _meter.Loaded(_time.GetElapsedTime(started));
            PreloadRelated(session, rule.Rule);
            return true;
        }
        finally
        {
            session.Release();
        }
    }

    private unsafe void Insert(SessionSnapshot session, ulong hash, RuleTable rules, ActiveRule rule, long cost)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var record = shard.AddSession_NeedsLock(session.Key, hash, session.Header.CreatedMs);
            shard.SetHeader_NeedsLock(record, session.Header, rule.Id);
            record->ToldMs = session.Header.LastAccessMs;
            record->Flags |= _suspects.Contains(hash) ? SessionFlags.OnDisk | SessionFlags.Suspect : SessionFlags.OnDisk;
            foreach (var item in session.Items)
            {
                if (!rules.ForItem(rule, session.Key, item.Key, null).UsesMemory)
                {
                    record->Flags |= SessionFlags.HasDiskItems;
                    continue;
                }

                item.Value.Large?.AddReference();
                shard.PutItem_NeedsLock(record, item.Key, item.ContentType, item.Version, item.Value);
            }

            shard.Access_NeedsLock(record, rule, _clock.NowMs);
            _memory.Budget.Give(cost - record->CostBytes);
        }

        CheckPressure();
    }

    private long CostOf(SessionSnapshot session, RuleTable rules, ActiveRule rule)
    {
        var cost = SessionRecord.CostOf(session.Key.Length);
        foreach (var item in session.Items)
        {
            if (!rules.ForItem(rule, session.Key, item.Key, null).UsesMemory) continue;
            cost += ItemRecord.CostOf(item.Key.Length, _memory.Types.InlineBytes(item.ContentType, out _).Length, item.Value.Length);
        }

        return cost;
    }

    /// <summary>Counts an access to a cold session: due when the rule's number is reached.</summary>
    private bool IsDueForPromotion(ulong hash, SessionHeader header, ActiveRule rule)
        => header.Accesses + _cold.Count(hash) >= rule.Rule.PromoteAfter;
}
