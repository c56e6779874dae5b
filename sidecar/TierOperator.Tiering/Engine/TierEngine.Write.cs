using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>Stores one item.</summary>
    public ValueTask<WriteOutcome> PutAsync(
        ReadOnlyMemory<byte> session, ItemWrite item, WriteOptions options, CancellationToken cancellationToken)
        => WriteAsync(new SessionMutation(session) { Puts = [item], Options = options, ConditionItem = item.Item }, cancellationToken);

    /// <summary>Removes one item. <see cref="WriteStatus.NotFound"/> when there was none.</summary>
    public ValueTask<WriteOutcome> DeleteItemAsync(
        ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, WriteOptions options, CancellationToken cancellationToken)
        => WriteAsync(new SessionMutation(session) { Deletes = [item], Options = options, ConditionItem = item }, cancellationToken);

    /// <summary>Puts these items in place of everything the session held.</summary>
    public ValueTask<WriteOutcome> ReplaceSessionAsync(
        ReadOnlyMemory<byte> session, IReadOnlyList<ItemWrite> items, WriteOptions options, CancellationToken cancellationToken)
        => WriteAsync(new SessionMutation(session) { Puts = items, Replace = true, Options = options }, cancellationToken);

    /// <summary>Writes and removes several items of a session, all or none.</summary>
    public ValueTask<WriteOutcome> UpdateSessionAsync(
        ReadOnlyMemory<byte> session, IReadOnlyList<ItemWrite> puts, IReadOnlyList<ReadOnlyMemory<byte>> deletes,
        WriteOptions options, CancellationToken cancellationToken)
        => WriteAsync(new SessionMutation(session) { Puts = puts, Deletes = deletes, Options = options }, cancellationToken);

    /// <summary>
    /// Reads, decides, writes, with nobody between. <paramref name="decide"/> may run more than once and must not keep the
    /// session that it is given.
    /// </summary>
    public ValueTask<WriteOutcome> MergeSessionAsync(
        ReadOnlyMemory<byte> session, Func<SessionSnapshot?, SessionChange> decide, WriteOptions options, CancellationToken cancellationToken)
        => WriteAsync(new SessionMutation(session) { Decide = decide, Options = options }, cancellationToken);

    /// <summary>Removes a session from every tier. <see cref="WriteStatus.NotFound"/> when there was none.</summary>
    public ValueTask<WriteOutcome> DeleteSessionAsync(
        ReadOnlyMemory<byte> session, WriteOptions options, CancellationToken cancellationToken)
        => WriteAsync(new SessionMutation(session) { Delete = true, Options = options }, cancellationToken);

    /// <summary>
    /// Every write of every listener. 1. Try under the shard's lock. 2. What stands in the way is removed (a gate, a full
    /// buffer, no room) and 1 is tried again; a cold session goes its own way. 3. Wait for the ack level.
    /// </summary>
    private async ValueTask<WriteOutcome> MutateAsync(SessionMutation mutation, CancellationToken cancellationToken)
    {
        var hash = _memory.HashOf(mutation.Key.Span);
        var withoutMemory = false;
        var taken = false;
        try
        {
            while (true)
            {
                var attempt = TryMutate(mutation, hash, new AttemptTerms { WithoutMemory = withoutMemory });
                switch (attempt.Kind)
                {
                    case AttemptKind.Done:
                        taken = attempt.TookValues;
                        return await FinishAsync(attempt, cancellationToken);
                    case AttemptKind.Gated:
                        await attempt.Gate!.WaitAsync(cancellationToken);
                        break;
                    case AttemptKind.JournalBusy:
                        await _disk!.WaitRoomAsync(cancellationToken);
                        break;
                    case AttemptKind.Forgotten:
                        break;
                    case AttemptKind.NoMemory:
                        withoutMemory = !await MakeRoomAsync(attempt.Bytes, cancellationToken);
                        break;
                    default:
                        var cold = await MutateColdAsync(mutation, hash, attempt.Gate!, cancellationToken);
                        taken = cold.TookValues;
                        return await FinishAsync(cold, cancellationToken);
                }
            }
        }
        finally
        {
            if (!taken) mutation.Release();
        }
    }

    /// <summary>Waits until what the rule asks for holds the write, and says so. Nothing is undone from here on.</summary>
    private async ValueTask<WriteOutcome> FinishAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        CheckPressure();
        if (attempt.Plan is not { } plan || (plan.IsRefused && attempt.Ticket == 0)) return attempt.Outcome;
        if (plan is { IsRefused: false, Mutation.IsRestamped: false })
        {
            _counters.Wrote(plan);
            SessionWritten?.Invoke(plan.Mutation.Key.ToArray());
            await OrphanAsync(plan);
        }

        var outcome = attempt.Outcome;
        if (attempt.Ticket != 0 && plan.Rule!.Rule.Ack == AckLevel.Memory)
            outcome = outcome with { Pending = _disk!.DurableTicket >= attempt.Ticket ? TierSet.None : TierSet.Spillover };
        else if (attempt.Ticket != 0)
            outcome = await FinishDiskAsync(attempt, outcome, cancellationToken);
        if (outcome.Status == WriteStatus.Unavailable || attempt.Owed.Tiers == TierSet.None) return outcome;
        outcome = await FinishSharedAsync(outcome, plan, attempt.Owed, attempt.Ticket != 0);
        return outcome.IsOvertaken && MayRestamp(outcome, plan) ? await RestampAsync(outcome, attempt, cancellationToken) : outcome;
    }

    /// <summary>The wait is not cancelled with the caller: the write has happened, only the answer is outstanding.</summary>
    private async ValueTask<WriteOutcome> FinishDiskAsync(Attempt attempt, WriteOutcome outcome, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (await _disk!.WaitDurableAsync(attempt.Ticket)) return outcome with { Acked = outcome.Acked | TierSet.Spillover };
        if (CanAwait(attempt.Plan!.Rule!)) return outcome with { Pending = outcome.Pending | TierSet.Spillover };
        return outcome with
        {
            Status = WriteStatus.Unavailable,
            Unavailable = TierSet.Spillover,
            Detail = "The disk failed while it took the write: it may or may not be there. Read it again, then retry.",
        };
    }
}
