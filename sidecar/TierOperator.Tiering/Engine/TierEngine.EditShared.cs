using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>Whether a tier outside this process may hold the session: writes to it are decided or told there.</summary>
    public bool IsShared(ReadOnlySpan<byte> session) => _shared is not null && _rules.SharedTiersOf(session) != TierSet.None;

    /// <summary>
    /// Stores a string (kind 1, one item) over whatever is there, wherever that is: it depends on nothing, so no tier is asked first.
    /// </summary>
    public async ValueTask<EditOutcome> PutStringAsync(
        ReadOnlyMemory<byte> session, ItemWrite item, long? deadlineMs, CancellationToken cancellationToken)
    {
        var outcome = await WriteAsync(new SessionMutation(session)
        {
            Puts = [item], Replace = true, Kind = StringKind, Options = new WriteOptions { DeadlineMs = deadlineMs },
        }, cancellationToken);
        return OutcomeOf(outcome);
    }

    private bool AnyShared(EditScope scope)
    {
        if (_shared is null) return false;
        for (var i = 0; i < scope.Count; i++)
            if (IsShared(scope[i].Key.Span)) return true;
        return false;
    }

    /// <summary>A shared session in memory answers by itself only when it is known to be whole and current.</summary>
    private unsafe bool NeedsShared_NeedsLock(EditedSession edited, SessionRecord* session, bool isReadOnly)
        => IsShared(edited.Key.Span)
           && (!isReadOnly || session == null || (session->Flags & (SessionFlags.Partial | SessionFlags.Suspect)) != 0);

    /// <summary>
    /// An edit over shared tiers. Reads: each session as the tiers hold it. A write to one session: decided where all pods see the same.
    /// To several: each is brought here first, which is null, and the edit is atomic on this sidecar.
    /// </summary>
    private async ValueTask<EditOutcome?> EditSharedAsync(EditScope scope, ISessionEdit edit, CancellationToken cancellationToken)
    {
        if (!scope.IsReadOnly && scope.Count == 1) return await DecideEditAsync(scope, edit, cancellationToken);
        for (var i = 0; i < scope.Count; i++)
        {
            var read = await ReadSessionAsync(scope[i].Key, cancellationToken);
            var isDoubtful = read.Unavailable != TierSet.None && !scope.IsReadOnly && !scope.IsBlind;
            if (isDoubtful || read.Status is ReadStatus.Unavailable or ReadStatus.NoRoom)
            {
                read.Session?.Release();
                return UnreadableSession(scope[i], read.Unavailable);
            }

            scope[i].Bring(read.Session, wasHere: !scope.IsReadOnly && IsHere(scope[i].Key.Span, _memory.HashOf(scope[i].Key.Span)));
        }

        if (!scope.IsReadOnly) return null;
        RunUnlocked(scope, edit);
        return new EditOutcome(WriteStatus.Replaced);
    }

    /// <summary>While its gate is shut a session stays where it is; before, it may have been evicted, or written by another caller.</summary>
    private bool HasMoved(EditScope scope)
    {
        for (var i = 0; i < scope.Count; i++)
            if (scope[i].WasHere is { } was && was != IsHere(scope[i].Key.Span, scope[i].Hash)) return true;
        return false;
    }

    private unsafe void RunUnlocked(EditScope scope, ISessionEdit edit)
    {
        scope.NowMs = _clock.NowMs;
        for (var i = 0; i < scope.Count; i++) scope[i].Bind(null);
        edit.Run(scope);
    }

    private async ValueTask<EditOutcome> DecideEditAsync(EditScope scope, ISessionEdit edit, CancellationToken cancellationToken)
    {
        var session = scope[0];
        var outcome = await WriteAsync(new SessionMutation(session.Key.ToArray())
        {
            Rewrite = present =>
            {
                session.Below = present;
                RunUnlocked(scope, edit);
                session.Below = null; // the planner gives the snapshot back
                var mutation = session.ToMutation();
                session.HandOver();
                session.IsWritten = mutation is not null;
                return mutation;
            },
        }, cancellationToken);
        return OutcomeOf(outcome);
    }

    // Nothing was there and nothing comes of it: that is a success of an edit.
    private static EditOutcome OutcomeOf(in WriteOutcome outcome) => new(
        outcome.Status is WriteStatus.Created or WriteStatus.NotFound ? WriteStatus.Replaced : outcome.Status)
    {
        Detail = outcome.Detail, Rule = outcome.Rule,
    };

    /// <summary>Waits for the shared tiers as each session's rule asks; the worst answer counts.</summary>
    private async ValueTask<EditOutcome> FinishSharedAsync(EditScope scope, EditOutcome outcome)
    {
        for (var i = 0; i < scope.Count; i++)
        {
            if (scope[i] is not { Plan: { IsRefused: false } plan } edited || edited.Owed.Tiers == TierSet.None) continue;
            var finished = await FinishSharedAsync(new WriteOutcome(plan.Status) { Rule = plan.Rule!.Rule }, plan, edited.Owed, edited.Prepared.IsJournalled);
            if (finished.Status is WriteStatus.Accepted or WriteStatus.Unavailable)
                outcome = outcome with { Status = finished.Status, Detail = finished.Detail, Rule = finished.Rule };
        }

        return outcome;
    }
}
