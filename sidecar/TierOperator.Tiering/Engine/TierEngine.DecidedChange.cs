using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>What a decision is made of: the session as the tiers hold it, the change that the deciding tier gets, and how it ends.</summary>
public sealed partial class TierEngine
{
    private PresentSession PresentOf(ReadOnlyMemory<byte> key, Consultation answer)
    {
        if (answer.Found?.Session is not { } there) return PresentSession.Absent;
        if (_rules.Stored(there.Header.Rule, key.Span).IsOver(there.Header, _clock.NowMs)) return PresentSession.Absent;
        if (!answer.Found.IsProjection) return new SnapshotSession(there);
        var here = SnapshotOf(key.ToArray());
        return new SnapshotSession(here is null ? there : Merged(here, answer.Found));
    }

    private RemoteChange DecidedChange(SessionPlan plan, PresentSession present, TierSet tier)
    {
        var key = plan.Mutation.Key;
        if (plan.Mutation.Delete) return TombstoneOf(key, plan.Version);
        var owed = new OwedSession(key.ToArray());
        owed.Take(NoteOf(key.ToArray(), plan, isCarried: false, since: null));
        var items = plan.Puts.Select(put => new ItemSnapshot(put.Write.Item.ToArray(), put.Write.ContentType, plan.Version, put.Write.Value)).ToList();
        var isWhole = plan.Mutation.Replace || present.Header is null;
        var strategy = tier == TierSet.Redis ? StrategyOf(owed, plan.Rule!) : null;
        return ChangeOf(owed, plan.Header!, plan.Rule!, tier, strategy, new HeldItems(plan.Header, items, isWhole));
    }

    private static WriteOutcome Undecided(SessionMutation mutation, SyncLoop decider) => new(WriteStatus.Unavailable)
    {
        Unavailable = decider.Link.Flag,
        Detail = $"A conditional write asks {SharedTiers.NameOf(decider.Link.Flag)}, which is away or has yet to hear what was written before: nothing was written. Retry later, or write without a condition.",
    };

    private static WriteOutcome Unanswered(SyncLoop decider) => new(WriteStatus.Unavailable)
    {
        Unavailable = decider.Link.Flag,
        MayHaveHappened = true,
        Detail = $"A conditional write is decided in {SharedTiers.NameOf(decider.Link.Flag)}, whose answer did not come in time: it may have happened. Read the item before you retry.",
    };

    /// <summary>It stands in the deciding tier, and nothing here could take it: what is here is older, and who asked must not ask again unseen.</summary>
    private WriteOutcome AppliedAlone(WriteOutcome refusal, byte[] key, SyncLoop decider)
    {
        Suspect(key);
        return refusal with
        {
            Status = WriteStatus.Unavailable,
            MayHaveHappened = true,
            Detail = $"{SharedTiers.NameOf(decider.Link.Flag)} has taken the write, this sidecar could not: read the item before you retry. {refusal.Detail}",
        };
    }

    /// <summary>One look and one try: an answer for the caller, a plan that was applied, or neither: look again.</summary>
    private sealed record Decision(WriteOutcome? Answer)
    {
        public SessionPlan? Plan { get; init; }

        /// <summary>No tier had such a session: what is written is all of it. Else a sidecar that has nothing of it here then has a part.</summary>
        public bool IsOfNone { get; init; }

        /// <summary>The moment before it was sent; never where nothing was.</summary>
        public long AppliedAt { get; init; } = long.MaxValue;
    }
}
