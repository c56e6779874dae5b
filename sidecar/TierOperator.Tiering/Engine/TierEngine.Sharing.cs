using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Redis.Native;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private readonly SharedTiers? _shared;

    /// <summary>The shared tiers, for tests of what stands between two of their steps.</summary>
    internal SharedTiers? Shared => _shared;

    /// <summary>The tier whose server runs commands of its own; null where the policy declares none.</summary>
    public INativeTier? NativeTier => _shared?.Of(TierSet.Redis)?.Link.Tier as INativeTier;

    private OwedWaits Owe(SessionPlan plan, RuleTable rules, Prepared prepared, Journalled journalled)
    {
        var place = PlaceOf(plan, rules, prepared.Keep, journalled.Since);
        return Owe(plan, rules, prepared.Keep || place is not null, place);
    }

    /// <summary>
    /// Where the change can be read again; null where the journal has no more than word of it: of what memory keeps under Overflow, and of items that
    /// are not for the disk.
    /// </summary>
    private static JournalPosition? PlaceOf(SessionPlan plan, RuleTable rules, bool isKept, JournalPosition? since)
        => plan.Mutation.Delete || ((rules.IsMirror || !isKept) && plan.Puts.All(static put => put.ToDisk)) ? since : null;

    /// <summary>
    /// Tells the outboxes of a change, in the order in which it happens: under the session's shard lock or its gate. Nothing is
    /// sent here. Whoever asked a tier before this moment has an answer that is older than what is here.
    /// </summary>
    private OwedWaits Owe(SessionPlan plan, RuleTable rules, bool isHeld, JournalPosition? since)
    {
        if (_shared is null) return default;
        if (plan.IsAdoption)
        {
            OweLost(plan, since);
            return default;
        }

        var waits = OweTiers(plan, rules, isHeld, since);
        _changed.Add(_memory.HashOf(plan.Mutation.Key.Span)); // behind the notes: whoever asks from here on finds them
        return waits with { ChangedAt = _changed.Now };
    }

    private OwedWaits OweTiers(SessionPlan plan, RuleTable rules, bool isHeld, JournalPosition? since)
    {
        var key = plan.Mutation.Key.ToArray();
        var tiers = (plan.Mutation.Delete ? rules.SharedTiersOf(key) : plan.Rule!.SharedTiers) & ~plan.Mutation.SettledIn;
        if (tiers == TierSet.None) return default;
        var isCarried = !isHeld && (!plan.Mutation.Delete || since is null);
        var note = NoteOf(key, plan, isCarried, since);
        var waits = new OwedWaits { IsCarried = isCarried };
        foreach (var loop in _shared!.Loops)
        {
            if (!tiers.HasFlag(loop.Link.Flag)) continue;
            var isAtOnce = (plan.Rule!.IsImmediate || isCarried) && loop.Link.CanWrite;
            waits = waits.With(loop.Link.Flag, loop.Outbox.Note(note, isAtOnce));
        }

        return waits;
    }

    /// <summary>
    /// What Redis has from the end of the last run, and the disk here has not: the sidecar ended between the two, and PostgreSQL may not have heard of it
    /// either. Should Redis lose it, what was read would be gone, and what was found deleted would be back.
    /// </summary>
    private void OweLost(SessionPlan plan, JournalPosition? since)
    {
        if (_shared!.Of(TierSet.Postgres) is not { } last || !plan.Rule!.SharedTiers.HasFlag(TierSet.Postgres)) return;
        var (key, there, header) = (plan.Mutation.Key.ToArray(), plan.Mutation.Adopted!, plan.Header!);
        if (_lastRuns.Gave(there.Floor)) last.Outbox.Note(new OwedNote(key, there.Floor, _clock.NowMs) { Header = header, Replaces = true, Since = since }, wait: false);
        foreach (var put in plan.Puts)
            if (_lastRuns.Gave(put.Version)) last.Outbox.Note(new OwedNote(key, put.Version, _clock.NowMs) { Header = header, Puts = [new OwedPut(put.Write.Item.ToArray(), put.Write.Value.Length, null)], Since = since }, wait: false);
        foreach (var gone in plan.Deletes)
            if (RemovalOf(key, gone.ToArray(), there, header) is var removal && _lastRuns.Gave(removal.Version)) last.Outbox.Note(removal with { Since = since }, wait: false);
    }

    /// <summary>The shared tiers hear of an access in time, and of nothing else.</summary>
    private void OweTouch(byte[] key, SessionHeader header, ActiveRule rule)
    {
        if (_shared is null || !rule.IsShared) return;
        foreach (var loop in _shared.Loops)
            if (rule.SharedTiers.HasFlag(loop.Link.Flag)) loop.Outbox.Note(new OwedNote(key, ItemVersion.None, _clock.NowMs) { Header = header }, wait: false);
    }

    private OwedNote NoteOf(byte[] key, SessionPlan plan, bool isCarried, JournalPosition? since) => new(key, plan.Version, _clock.NowMs)
    {
        Header = plan.Mutation.Delete ? null : plan.Header,
        IsDelete = plan.Mutation.Delete,
        Replaces = plan.Mutation.Replace,
        Strategy = plan.Mutation.Options.Strategy,
        Since = since,
        Seen = plan.Seen,
        Puts = [.. plan.Puts.Select(put => new OwedPut(put.Write.Item.ToArray(), put.Write.Value.Length, isCarried ? Carried(put, plan.Version) : null))],
        Removed = [.. plan.Deletes.Select(gone => gone.ToArray())],
    };

    /// <summary>A copy: the caller's bytes are the request's, which may end before the tier has answered.</summary>
    private static ItemSnapshot Carried(in PlannedPut put, ItemVersion version)
        => new(put.Write.Item.ToArray(), put.Write.ContentType, version, new ItemValue(put.Write.Value.ToArray()));

    /// <summary>Why shared tiers stand in the way of a write, before anything has changed; null when they do not.</summary>
    private Attempt? SharedRefusal(SessionPlan plan, RuleTable rules, TierSet settled, bool keep, bool goesBelow)
    {
        if (_shared is null || plan.IsAdoption || !(plan.Rule!.IsShared || plan.Mutation.Delete)) return null;
        var tiers = plan.Mutation.Delete ? rules.SharedTiersOf(plan.Mutation.Key.Span) : plan.Rule.SharedTiers;
        var bytes = plan.Puts.Sum(put => put.Write.Value.Length);
        foreach (var loop in _shared.Loops)
        {
            if ((tiers & ~settled).HasFlag(loop.Link.Flag) && !loop.Outbox.HasRoomFor(bytes, isJournalled: goesBelow))
                return Refuse(plan, WriteStatus.Backlog, $"The sync backlog for {SharedTiers.NameOf(loop.Link.Flag)} is full: retry later, or raise sync.maxBacklog.");
        }

        var away = plan.Rule.AwaitedTiers & tiers & ~_shared.Writable & ~settled;
        var isHeld = keep || goesBelow;
        if (away != TierSet.None && (plan.Rule.Rule.OnTierFailure == TierFailure.Fail || !goesBelow))
            return RefuseAway(plan, away);
        return !isHeld && tiers != TierSet.None && (tiers & (_shared.Writable | settled)) == TierSet.None ? RefuseAway(plan, tiers) : null;
    }

    private static Attempt RefuseAway(SessionPlan plan, TierSet away)
    {
        var refusal = Refuse(plan, WriteStatus.Unavailable, $"The rule asks for {SharedTiers.NamesOf(away)}, which is away: nothing was written. Retry later.");
        return refusal with { Outcome = refusal.Outcome with { Unavailable = away } };
    }

    /// <summary>Whether the rule's write is held by shared tiers that can take it, so that it does not hang on the disk.</summary>
    private bool CanAwait(ActiveRule rule)
        => _shared is not null && rule.AwaitedTiers != TierSet.None && (rule.AwaitedTiers & ~_shared.Writable) == TierSet.None;

    /// <summary>Waits for the shared tiers that the rule's ack names, each no longer than its timeout, and says what came of it.</summary>
    private async ValueTask<WriteOutcome> FinishSharedAsync(WriteOutcome outcome, SessionPlan plan, OwedWaits owed, bool isJournalled)
    {
        if (_shared is null || owed.Tiers == TierSet.None) return outcome;
        var rule = plan.Rule!;
        var awaited = owed.IsCarried ? owed.Tiers : HeardBefore(rule.AwaitedTiers) & owed.Tiers;
        var (acked, failed) = (plan.Mutation.SettledIn, TierSet.None);
        foreach (var loop in _shared.Loops)
        {
            var flag = loop.Link.Flag;
            if (!owed.Tiers.HasFlag(flag)) continue;
            var result = await ResultOfAsync(owed.Of(flag), loop, awaited.HasFlag(flag));
            if (result.Status is RemoteStatus.Applied or RemoteStatus.Older) acked |= flag;
            else if (result.Status == RemoteStatus.Refused) failed |= flag;
            if (awaited.HasFlag(flag) && result.Newest > plan.Version) outcome = outcome with { IsOvertaken = result.Newest.Milliseconds <= _clock.NowMs + HybridClock.MaxAheadMs };
            if (result.Existed is { } existed && plan is { Header.IsPartial: true, Mutation.Decided: null }) outcome = outcome with { Status = existed ? WriteStatus.Replaced : WriteStatus.Created };
        }

        outcome = outcome with { Acked = outcome.Acked | acked, Pending = outcome.Pending | (owed.Tiers & ~acked & ~failed) };
        var missing = (rule.AwaitedTiers & owed.Tiers & ~acked) | (owed.IsCarried && acked == TierSet.None ? owed.Tiers : TierSet.None);
        return missing == TierSet.None ? outcome : Degraded(outcome, plan, missing, isJournalled && !owed.IsCarried, owed.IsCarried && acked == TierSet.None);
    }

    /// <summary>
    /// A tier that is asked before the awaited one hears of the write too, unless it is away: it would answer with what it had before, should this
    /// sidecar be gone the next moment.
    /// </summary>
    private static TierSet HeardBefore(TierSet awaited) => awaited.HasFlag(TierSet.Postgres) ? awaited | TierSet.Redis : awaited;

    /// <summary>
    /// The answer where a tier that must hold the write has not said so. A write that nothing holds is forgotten, for its caller is told as
    /// much. Everything else goes on to the tiers: what memory or one of them has, and every delete, whose copy here is gone already, so
    /// that the others would bring it back.
    /// </summary>
    private WriteOutcome Degraded(WriteOutcome outcome, SessionPlan plan, TierSet missing, bool isJournalled, bool isNowhere)
    {
        if (isJournalled && plan.Rule!.Rule.OnTierFailure == TierFailure.Degrade)
            return outcome with { Status = WriteStatus.Accepted, Unavailable = missing };
        if (isNowhere && !plan.Mutation.Delete)
            foreach (var loop in _shared!.Loops) loop.Outbox.Forget(plan.Mutation.Key.ToArray(), plan.Version);
        return outcome with
        {
            Status = WriteStatus.Unavailable,
            Unavailable = missing,
            Detail = $"{SharedTiers.NamesOf(missing)} did not take the write in time: it may or may not be there. Read it again, then retry.",
        };
    }

    private static async ValueTask<RemoteResult> ResultOfAsync(Task<RemoteResult>? wait, SyncLoop loop, bool isAwaited)
    {
        if (wait is null) return new RemoteResult(RemoteStatus.Unavailable);
        // Nothing is thrown for a wait that is over: the first exceptions of a process cost its callers milliseconds.
        if (isAwaited && !wait.IsCompleted) await ((Task)wait.WaitAsync(loop.Link.Timeout)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return wait.IsCompletedSuccessfully ? await wait : new RemoteResult(RemoteStatus.Unavailable);
    }
}
