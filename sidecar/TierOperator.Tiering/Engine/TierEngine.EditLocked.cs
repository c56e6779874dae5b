using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>One try under the locks of all shards concerned: everything happens, or nothing does.</summary>
    private Attempt AttemptEdit(EditScope scope, ISessionEdit edit, AttemptTerms terms)
    {
        var (shards, locked) = (scope.Shards, 0);
        try
        {
            for (; locked < shards.Count; locked++) shards[locked].Gate.Enter();
            var (rules, nowMs) = (_rules, _clock.NowMs);
            for (var i = 0; i < scope.Count; i++)
                if (Bind_NeedsLock(scope[i], rules, nowMs, terms, scope.IsReadOnly) is { } obstacle) return obstacle;
            scope.NowMs = nowMs;
            edit.Run(scope);
            return scope.IsReadOnly ? Read_NeedsLocks(scope, rules, nowMs) : Commit_NeedsLocks(scope, rules, nowMs, terms);
        }
        finally
        {
            while (locked > 0) shards[--locked].Gate.Exit();
        }
    }

    /// <summary>Shows the edit what there is of a session. What stands in the way, or null.</summary>
    private unsafe Attempt? Bind_NeedsLock(EditedSession edited, RuleTable rules, long nowMs, AttemptTerms terms, bool isReadOnly)
    {
        var shard = edited.Shard;
        if (!terms.OwnsGate && shard.Gates.Count > 0 && shard.Gates.ContainsKey(edited.Hash)) return new Attempt(AttemptKind.Gated);
        var session = shard.FindSession_NeedsLock(edited.Key.Span, edited.Hash);
        if (session != null && IsDead(shard, session, rules, nowMs))
        {
            edited.DiskIsStale |= session->Flags.Has(SessionFlags.OnDisk);
            _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
            _counters.Expired();
            SessionExpired?.Invoke(edited.Key.ToArray());
            session = null;
        }

        var isElsewhere = session == null
            ? !edited.DiskIsStale && _disk is not null && _disk.Contains(edited.Key.Span)
            : session->Flags.Has(SessionFlags.HasDiskItems);
        if (_shared is not null) isElsewhere |= NeedsShared_NeedsLock(edited, session, isReadOnly);
        if (isElsewhere && !terms.OwnsGate) return new Attempt(AttemptKind.Cold);
        edited.Bind(session);
        return null;
    }

    private unsafe Attempt Read_NeedsLocks(EditScope scope, RuleTable rules, long nowMs)
    {
        for (var i = 0; i < scope.Count; i++)
        {
            var shard = scope[i].Shard;
            var session = scope[i].Record;
            if (session != null)
            {
                shard.Hit_NeedsLock(session, rules.Stored(session->RuleId, SessionRecord.Key(session)), nowMs, scope[i].ReadBytes);
            }
            else if (scope[i].Below is { } below)
            {
                CountRule(rules.Stored(below.Header.Rule, scope[i].Key.Span), TierSet.Spillover, scope[i].ReadBytes, below.Header);
            }
            else
            {
                Interlocked.Increment(ref shard.Misses);
                CountMiss(rules.Policy.Matcher.MatchSession(scope[i].Key.Span, null));
            }
        }

        return new Attempt(AttemptKind.Done) { Outcome = new WriteOutcome(WriteStatus.Replaced) };
    }

    private Attempt Commit_NeedsLocks(EditScope scope, RuleTable rules, long nowMs, AttemptTerms terms)
    {
        var (batch, taken) = (new DiskBatch(), 0L);
        for (var i = 0; i < scope.Count; i++)
        {
            if (PlanOf_NeedsLock(scope[i], rules, nowMs) is not { } plan) continue;
            var refusal = new Attempt(AttemptKind.Done) { Plan = plan, Outcome = plan.Refusal };
            if (!plan.IsRefused && Prepare_NeedsLock(scope[i], plan, rules, terms, batch, out refusal))
            {
                taken += scope[i].Prepared.CostBytes;
                continue;
            }

            _memory.Budget.Give(taken);
            return refusal with { Bytes = refusal.Bytes + taken };
        }

        return Append_NeedsLocks(scope, batch, taken);
    }

    private unsafe SessionPlan? PlanOf_NeedsLock(EditedSession edited, RuleTable rules, long nowMs)
    {
        edited.Plan = null;
        if (edited.ToMutation() is not { } mutation) return null;
        var present = edited.Record != null
            ? new ResidentSession(edited.Shard, (nint)edited.Record, rules.Stored(edited.Record->RuleId, edited.Key.Span))
            : edited.Below is { } below ? new SnapshotSession(below) : PresentSession.Absent;
        var plan = _planner.Plan(rules, present, mutation, nowMs);
        return edited.Plan = plan;
    }

    private unsafe bool Prepare_NeedsLock(
        EditedSession edited, SessionPlan plan, RuleTable rules, AttemptTerms terms, DiskBatch batch, out Attempt refusal)
    {
        var isCold = edited.Record == null && edited.Below is not null;
        batch.ExpectsSession |= edited.IsCold && edited.Record == null && !plan.Mutation.Replace && !plan.Mutation.Delete;
        var own = terms with { WithoutMemory = terms.WithoutMemory || isCold, DiskIsStale = edited.DiskIsStale || (isCold && plan.Mutation.Delete) };
        var prepared = Prepare_NeedsLock(edited.Shard, edited.Record, plan, rules, own, batch, out var place, out refusal);
        edited.Prepared = place;
        return prepared;
    }

    private unsafe Attempt Append_NeedsLocks(EditScope scope, DiskBatch batch, long taken)
    {
        var appended = TryAppend(batch, out var journalled);
        if (appended != AppendStatus.Ok && !MayGoOn_NeedsLocks(scope, appended, out var refusal))
        {
            _memory.Budget.Give(taken);
            return refusal;
        }

        var (outcome, needsAck) = (new WriteOutcome(WriteStatus.Replaced), false);
        for (var i = 0; i < scope.Count; i++)
        {
            if (scope[i] is not { Plan: { } plan } edited) continue;
            edited.IsWritten = true;
            edited.Owed = Owe(plan, _rules, edited.Prepared, journalled);
            if (Commit_NeedsLock(edited.Shard, edited.Record, edited.Hash, plan, edited.Prepared, journalled.Ticket, appended)) edited.HandOver();
            _counters.Wrote(plan);
            _ = OrphanAsync(plan).AsTask();
            outcome = outcome with { Rule = plan.Rule!.Rule };
            needsAck |= plan.Rule.Rule.Ack != AckLevel.Memory;
        }

        return new Attempt(AttemptKind.Done) { Outcome = outcome, Ticket = needsAck ? journalled.Ticket : 0 };
    }

    private unsafe bool MayGoOn_NeedsLocks(EditScope scope, AppendStatus appended, out Attempt refusal)
    {
        refusal = default;
        var goesOn = true;
        for (var i = 0; i < scope.Count; i++)
        {
            var edited = scope[i];
            if (edited.Plan is not { } plan) continue;
            if (appended == AppendStatus.Gone)
            {
                if (edited.Record != null) edited.Record->Flags &= ~SessionFlags.OnDisk;
                else if (edited.IsCold) edited.ForgetBelow();
            }

            goesOn &= goesOn && MayGoOn(appended, plan, edited.Prepared.Keep, out refusal);
        }

        return goesOn;
    }
}
