using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// One try under the shard's lock: no I/O, no waiting. Either everything happens (plan, journal, memory, in this order)
    /// or nothing does.
    /// </summary>
    private unsafe Attempt TryMutate(SessionMutation mutation, ulong hash, AttemptTerms terms)
    {
        var rules = _rules;
        var shard = _memory.ShardOf(hash);
        var nowMs = _clock.NowMs;
        lock (shard.Gate)
        {
            if (!terms.OwnsGate && shard.Gates.TryGetValue(hash, out var gate)) return new Attempt(AttemptKind.Gated) { Gate = gate };
            if (_changed.AnySince(mutation.AskedAt, hash)) return Void;
            var session = shard.FindSession_NeedsLock(mutation.Key.Span, hash);
            var stale = terms.DiskIsStale;
            if (session != null && IsDead(shard, session, rules, nowMs))
            {
                stale |= session->Flags.Has(SessionFlags.OnDisk);
                _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
                session = null;
            }

            if (session == null && !stale && _disk is not null && _disk.Contains(mutation.Key.Span))
                return new Attempt(AttemptKind.Cold) { Gate = CloseGate_NeedsLock(shard, hash) };

            var present = session == null
                ? PresentSession.Absent
                : new ResidentSession(shard, (nint)session, rules.Stored(session->RuleId, mutation.Key.Span));
            var plan = _planner.Plan(rules, present, mutation, nowMs);
            var attempt = plan.IsRefused
                ? Refused(plan, stale)
                : Perform_NeedsLock(shard, session, hash, plan, rules, terms with { DiskIsStale = stale });
            if (mutation.Decide is not null && !attempt.TookValues) plan.Mutation.Release();
            return attempt;
        }
    }

    /// <summary>An answer of a shared tier that this sidecar's own change has overtaken: nothing happens.</summary>
    private static Attempt Void => new(AttemptKind.Done) { Outcome = new WriteOutcome(WriteStatus.NotFound) };

    /// <summary>
    /// Answers a refusal. What is past its end counts as absent, but the disk may hold it until it is swept: its deletion is
    /// journalled all the same, or a clock that is set back would show it again.
    /// </summary>
    private Attempt Refused(SessionPlan plan, bool diskIsStale)
    {
        var done = new Attempt(AttemptKind.Done) { Plan = plan, Outcome = plan.Refusal };
        if (!diskIsStale || plan.Status != WriteStatus.NotFound) return done;
        var appended = _disk!.TryAppend(new DiskBatch().DeleteSession(plan.Mutation.Key, ItemVersion.None), out var ticket);
        if (appended == AppendStatus.Ok) return done with { Ticket = ticket };
        return MayGoOn(appended, plan, keep: false, out var refusal) ? done : refusal;
    }

    private unsafe Attempt Perform_NeedsLock(
        MemoryShard shard, SessionRecord* session, ulong hash, SessionPlan plan, RuleTable rules, AttemptTerms terms)
    {
        var batch = new DiskBatch();
        if (!Prepare_NeedsLock(shard, session, plan, rules, terms, batch, out var prepared, out var refusal)) return refusal;
        var appended = TryAppend(batch, out var journalled);
        if (appended != AppendStatus.Ok && !MayGoOn(appended, plan, prepared.Keep, out refusal))
        {
            _memory.Budget.Give(prepared.CostBytes);
            if (appended == AppendStatus.Gone && session != null) session->Flags &= ~SessionFlags.OnDisk;
            return refusal;
        }

        var owed = Owe(plan, rules, prepared, journalled);
        var took = Commit_NeedsLock(shard, session, hash, plan, prepared, journalled.Ticket, appended);
        return Performed(plan, prepared, rules, journalled.Ticket, appended, took) with { Owed = owed };
    }

    private static Attempt Performed(SessionPlan plan, Prepared prepared, RuleTable rules, long ticket, AppendStatus appended, bool took)
    {
        var missing = appended == AppendStatus.Ok ? TierSet.None : TierSet.Spillover;
        return new Attempt(AttemptKind.Done)
        {
            Plan = plan,
            Ticket = ticket,
            TookValues = took,
            Outcome = new WriteOutcome(plan.Status)
            {
                Version = plan.Version,
                Rule = plan.Rule!.Rule,
                Acked = (prepared.Keep || plan.Mutation.Delete ? TierSet.Memory & rules.Policy.DeclaredTiers : TierSet.None) | plan.Mutation.SettledIn,
                Unavailable = missing,
                Pending = missing,
            },
        };
    }

    /// <summary>Whether memory keeps the session, what that costs, and whether the journal gets anything.</summary>
    internal readonly record struct Prepared(bool Keep, long CostBytes, bool IsJournalled);

    /// <summary>
    /// Reserves memory and adds to the journal's batch what the plan needs there. On false nothing is reserved and
    /// <paramref name="refusal"/> says what stands in the way.
    /// </summary>
    private unsafe bool Prepare_NeedsLock(
        MemoryShard shard, SessionRecord* session, SessionPlan plan, RuleTable rules, AttemptTerms terms, DiskBatch batch,
        out Prepared prepared, out Attempt refusal)
    {
        (prepared, refusal) = (default, default);
        var goesBelow = _disk is not null && plan.Rule!.UsesDisk;
        var keep = !plan.Mutation.Delete && plan.Rule!.UsesMemory && !(terms.WithoutMemory && session == null);
        var cost = keep ? CostOf(plan, session == null) : 0;
        if (cost > 0 && !_memory.Budget.TryTake(cost))
        {
            if (!terms.WithoutMemory) refusal = new Attempt(AttemptKind.NoMemory) { Plan = plan, Bytes = cost };
            if (!terms.WithoutMemory) return false;
            (keep, cost) = (false, 0);
        }

        if (SharedRefusal(plan, rules, plan.Mutation.SettledIn, keep, goesBelow) is { } shared)
        {
            _memory.Budget.Give(cost);
            refusal = shared;
            return false;
        }

        if (!keep && !plan.Mutation.Delete && !goesBelow && !plan.Rule!.IsShared)
        {
            refusal = Refuse(plan, WriteStatus.NoRoom, "No tier of the rule has room for it: raise tiers.memory.capacity, or add spillover to the rule.");
            return false;
        }

        var before = batch.Count;
        JournalOf_NeedsLock(batch, shard, session, plan, rules, keep, terms.DiskIsStale);
        prepared = new Prepared(keep, cost, batch.Count > before);
        return true;
    }

    private unsafe bool Commit_NeedsLock(
        MemoryShard shard, SessionRecord* session, ulong hash, SessionPlan plan, Prepared prepared, long ticket,
        AppendStatus appended)
    {
        if (!prepared.Keep)
        {
            if (session != null) _memory.Budget.Give(shard.RemoveSession_NeedsLock(session));
            return false;
        }

        long used = 0;
        if (session == null)
        {
            session = shard.AddSession_NeedsLock(plan.Mutation.Key.Span, hash, plan.Header!.CreatedMs);
            used += session->CostBytes;
        }

        if (plan.Mutation.Replace) used -= shard.RemoveItems_NeedsLock(session);
        foreach (var gone in plan.Deletes) used -= Remove_NeedsLock(shard, session, gone.Span);
        foreach (var put in plan.Puts)
        {
            if (plan.IsAdoption) put.Write.Value.Large?.AddReference(); // the answer that it comes from keeps its own
            used += Store_NeedsLock(shard, session, put);
        }

        shard.SetHeader_NeedsLock(session, plan.Header!, plan.Rule!.Id);
        if (prepared.IsJournalled) SetDiskState_NeedsLock(session, plan, ticket, appended);
        session->Changes++;
        if (plan.IsAdoption) session->Flags &= ~SessionFlags.Suspect;
        shard.Access_NeedsLock(session, plan.Rule, plan.Header!.LastAccessMs);
        session->Accesses--; // the plan has counted it
        _memory.Budget.Give(prepared.CostBytes - used);
        return true;
    }

    private static unsafe long Store_NeedsLock(MemoryShard shard, SessionRecord* session, PlannedPut put)
    {
        if (!put.ToMemory)
        {
            put.Write.Value.Release();
            return -Remove_NeedsLock(shard, session, put.Write.Item.Span);
        }

        return shard.PutItem_NeedsLock(session, put.Write.Item.Span, put.Write.ContentType, put.Version, put.Write.Value);
    }

    private static unsafe long Remove_NeedsLock(MemoryShard shard, SessionRecord* session, ReadOnlySpan<byte> item)
    {
        var found = shard.FindItem_NeedsLock(session, item);
        return found == null ? 0 : shard.RemoveItem_NeedsLock(session, found);
    }

    private long CostOf(SessionPlan plan, bool isNew)
    {
        var cost = isNew ? SessionRecord.CostOf(plan.Mutation.Key.Length) : 0;
        foreach (var put in plan.Puts)
        {
            if (!put.ToMemory) continue;
            var typeLength = _memory.Types.InlineBytes(put.Write.ContentType, out _).Length;
            cost += ItemRecord.CostOf(put.Write.Item.Length, typeLength, put.Write.Value.Length);
        }

        return cost;
    }

    private static unsafe bool IsDead(MemoryShard shard, SessionRecord* session, RuleTable rules, long nowMs)
        => MemoryShard.IsDead_NeedsLock(session, rules.Stored(session->RuleId, SessionRecord.Key(session)), nowMs);

    private static Attempt Refuse(SessionPlan plan, WriteStatus status, string detail) => new(AttemptKind.Done)
    {
        Plan = new SessionPlan { Mutation = plan.Mutation, Status = status, Rule = plan.Rule },
        Outcome = new WriteOutcome(status)
        {
            Rule = plan.Rule?.Rule,
            Detail = detail,
            Unavailable = status == WriteStatus.Unavailable ? TierSet.Spillover : TierSet.None,
        },
    };

    private static SessionGate CloseGate_NeedsLock(MemoryShard shard, ulong hash)
    {
        var gate = new SessionGate();
        shard.Gates[hash] = gate;
        return gate;
    }

    private void OpenGate(ulong hash, SessionGate gate)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate) shard.Gates.Remove(hash);
        gate.Open();
    }
}
