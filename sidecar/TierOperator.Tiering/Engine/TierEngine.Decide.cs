using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>How often a decision is taken anew when others write the same session meanwhile.</summary>
    private const int MaxDecisions = 64;

    /// <summary>
    /// Every caller's write. What depends on the present state is decided where all pods see the same; what does not goes its way.
    /// </summary>
    private ValueTask<WriteOutcome> WriteAsync(SessionMutation mutation, CancellationToken cancellationToken)
    {
        if (_shared is null) return MutateAsync(mutation, cancellationToken);
        var tiers = _rules.SharedTiersOf(mutation.Key.Span);
        if (tiers == TierSet.None) return MutateAsync(mutation, cancellationToken);
        var isDecided = !mutation.Options.Condition.IsNone || mutation.Decide is not null || mutation.Rewrite is not null || _rules.Policy.Matcher.NeedsFields(mutation.Key.Span)
            || (mutation is { Puts.Count: 0, Deletes.Count: > 0 });
        return isDecided ? DecideAsync(mutation, tiers, cancellationToken) : MutateAsync(mutation, cancellationToken);
    }

    /// <summary>
    /// 1. Close the session's gate. 2. The deciding tier hears what it is owed, so that it knows all that was acknowledged here. 3. Read
    /// the session as the tiers hold it. 4. Plan on it; a refusal is the answer. 5. Apply there, if nobody changed it since; else from 3.
    /// 6. Take it over here, under the version that was decided.
    /// </summary>
    private async ValueTask<WriteOutcome> DecideAsync(SessionMutation mutation, TierSet tiers, CancellationToken cancellationToken)
    {
        var hash = _memory.HashOf(mutation.Key.Span);
        var decider = _shared!.DeciderOf(tiers)!;
        var key = mutation.Key.ToArray();
        var gate = await CloseGateAsync(hash, cancellationToken);
        var ours = mutation; // whose values go back unless they were taken over; a decision's own take the place of none
        try
        {
            for (var round = 0; round < MaxDecisions; round++)
            {
                if (!await HearsAllAsync(decider, key) || !await HasItAgainAsync(decider, key, cancellationToken)) return Undecided(mutation, decider);
                var decision = await DecideOnceAsync(mutation, tiers, decider, cancellationToken);
                if (decision.Answer is { } answer) return answer;
                if (decision.Plan is not { } plan) continue;
                ours = plan.Mutation;
                var attempt = await TakeOverAsync(decision, decider, hash, cancellationToken);
                DoubtIfAnnounced(mutation.Key, hash, decision.AppliedAt);
                if (attempt.TookValues) ours = null;
                if (decision.AppliedAt != long.MaxValue && !attempt.Outcome.Succeeded) attempt = attempt with { Outcome = AppliedAlone(attempt.Outcome, key, decider) };
                OpenGate(hash, gate);
                gate = null;
                return await FinishAsync(attempt, cancellationToken);
            }

            return new WriteOutcome(WriteStatus.Unavailable) { Detail = "Others keep changing the session: retry later." };
        }
        finally
        {
            if (gate is not null) OpenGate(hash, gate);
            ours?.Release();
        }
    }

    /// <summary>What was acknowledged here under Behind must be known where the decision falls.</summary>
    private static async ValueTask<bool> HearsAllAsync(SyncLoop decider, byte[] key)
    {
        if (!await decider.KnowsAllAsync()) return false;
        while (decider.Outbox.Owes(key))
        {
            if (!decider.Link.CanWrite) return false;
            var wait = decider.Outbox.Hurry(key);
            if (wait is null) continue;
            try
            {
                if ((await wait.WaitAsync(decider.Link.Timeout)).Status == RemoteStatus.Unavailable) return false;
            }
            catch (TimeoutException)
            {
                return false;
            }
        }

        return decider.Link.CanWrite;
    }

    private async ValueTask<Decision> DecideOnceAsync(SessionMutation mutation, TierSet tiers, SyncLoop decider, CancellationToken cancellationToken)
    {
        var answer = await AskTiersAsync(mutation.Key.ToArray(), tiers);
        try
        {
            if (answer.Status == ReadStatus.Unavailable || answer.Unavailable.HasFlag(decider.Link.Flag)) return new Decision(Undecided(mutation, decider));
            var isPart = answer is { Found.IsProjection: true, Unavailable: not TierSet.None } && !IsWholeHere(mutation.Key.Span, _memory.HashOf(mutation.Key.Span));
            if (isPart) return new Decision(Undecided(mutation, _shared!.Of(answer.Unavailable) ?? decider)); // what it lacks may be there
            var seen = answer.Seen.GetValueOrDefault(decider.Link.Flag);
            var present = PresentOf(mutation.Key, answer);
            var plan = _planner.Plan(_rules, present, mutation with { IsKnownAbsent = true }, _clock.NowMs);
            if (plan.IsRefused) return Drop(mutation, plan, new Decision(plan.Refusal));
            var decided = new Decision(null) { Plan = plan, IsOfNone = present.Header is null };
            if (!plan.Rule!.SharedTiers.HasFlag(decider.Link.Flag) && !plan.Mutation.Delete) return decided;
            if (NoRoomElsewhere(plan, decider.Link.Flag) is { } full) return Drop(mutation, plan, new Decision(full));
            var change = DecidedChange(plan, present, decider.Link.Flag) with { Condition = new RemoteCondition { Unchanged = seen } };
            var appliedAt = _recent.Now;
            var result = await ApplyDecidedAsync(decider, change, cancellationToken);
            return result.Status switch
            {
                RemoteStatus.Applied => decided with { AppliedAt = appliedAt },
                RemoteStatus.ConditionFailed or RemoteStatus.Older => Drop(mutation, plan, new Decision(null)),
                RemoteStatus.Refused => Drop(mutation, plan, new Decision(new WriteOutcome(WriteStatus.Unprocessable) { Rule = plan.Rule.Rule, Detail = result.Detail })),
                _ => Drop(mutation, plan, new Decision(result.IsAnswered ? Undecided(mutation, decider) : Unanswered(decider))),
            };
        }
        finally
        {
            answer.Release();
        }
    }

    /// <summary>What was sent and not answered may have happened: then the copy here is older than the tier's, and nobody announces that.</summary>
    private async ValueTask<RemoteResult> ApplyDecidedAsync(SyncLoop decider, RemoteChange change, CancellationToken cancellationToken)
    {
        var isAnswered = false;
        try
        {
            var results = await decider.Link.ApplyAsync([change], cancellationToken);
            var result = results?[0] ?? new RemoteResult(RemoteStatus.Unavailable) { IsAnswered = true }; // it was not even asked
            isAnswered = result.Status != RemoteStatus.Unavailable || result.IsAnswered;
            return result;
        }
        finally
        {
            if (!isAnswered) Suspect(change.Session.ToArray());
        }
    }

    /// <summary>Why the other tiers could not hear of it afterwards; null when they can.</summary>
    private WriteOutcome? NoRoomElsewhere(SessionPlan plan, TierSet decider)
        => SharedRefusal(plan, _rules, decider, keep: true, goesBelow: _disk is not null && plan.Rule!.UsesDisk)?.Outcome;

    /// <summary>What a decision made and nobody will take goes back.</summary>
    private static Decision Drop(SessionMutation mutation, SessionPlan plan, Decision decision)
    {
        if (mutation.Decide is not null || mutation.Rewrite is not null) plan.Mutation.Release();
        return decision;
    }

    /// <summary>The write as it was planned and decided, by the holder of the gate.</summary>
    private ValueTask<Attempt> TakeOverAsync(Decision decision, SyncLoop decider, ulong hash, CancellationToken cancellationToken)
    {
        var plan = decision.Plan!;
        var decided = plan.Mutation with
        {
            Decide = null,
            Options = plan.Mutation.Options with { Condition = default },
            ConditionItem = null,
            Decided = plan.Version,
            Planned = plan,
            IsKnownAbsent = decision.IsOfNone,
            SettledIn = decider.Link.Flag & (plan.Mutation.Delete ? decider.Link.Flag : plan.Rule!.SharedTiers),
        };
        return PerformHeldAsync(decided, hash, cancellationToken);
    }

    private async ValueTask<Attempt> PerformHeldAsync(SessionMutation mutation, ulong hash, CancellationToken cancellationToken)
    {
        if (_disk is not null && !IsResident(mutation.Key.Span, hash) && _disk.Contains(mutation.Key.Span))
        {
            while (true)
            {
                var cold = await TryMutateColdAsync(mutation, hash, cancellationToken);
                if (cold.Kind == AttemptKind.Done) return cold;
                if (cold.Kind == AttemptKind.JournalBusy) await _disk.WaitRoomAsync(cancellationToken);
            }
        }

        return await MutateHeldAsync(mutation, hash, diskIsStale: false, cancellationToken);
    }
}
