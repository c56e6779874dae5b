using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// Clocks differ by milliseconds. What one sidecar wrote may then bear an older version than what another had written, and acknowledged, before
/// it: by versions alone it would be lost, though its caller waited for the tier that decides and was told that the tier has it. That tier says that it
/// had something newer. So the write is made once more, at a version behind that: it came later. Where the other's time was refused as too far ahead
/// (<see cref="HybridClock.MaxAheadMs"/>) the clock that is ahead wins, as with writes that nobody waits for.
/// </remarks>
public sealed partial class TierEngine
{
    private static bool MayRestamp(WriteOutcome outcome, SessionPlan plan)
        => outcome.Succeeded && plan.Mutation is { IsBlind: true, IsRestamped: false, Adopted: null } && plan.Rule!.Rule.OnConflict == ConflictStrategy.LatestWins;

    private async ValueTask<WriteOutcome> RestampAsync(WriteOutcome outcome, SessionPlan plan, bool tookValues, CancellationToken cancellationToken)
    {
        if (PutsAgain(plan, tookValues) is not { } puts) return outcome;
        var again = await MutateAsync(plan.Mutation with { Puts = puts, IsRestamped = true }, cancellationToken);
        return again.Status is WriteStatus.Created or WriteStatus.Replaced ? again with { Status = outcome.Status } : again;
    }

    /// <summary>
    /// What the write put, with references of its own. Small values are the caller's bytes, which stay until it has its answer; large ones that memory took
    /// over are looked for here. Null where one of them has gone meanwhile: something was written over it here.
    /// </summary>
    private IReadOnlyList<ItemWrite>? PutsAgain(SessionPlan plan, bool tookValues)
    {
        var puts = plan.Mutation.Puts;
        if (!puts.Any(static put => put.Value.Large is not null)) return puts;
        if (tookValues) return HeldAgain(plan);
        foreach (var put in puts) put.Value.Large?.AddReference();
        return puts;
    }

    private List<ItemWrite>? HeldAgain(SessionPlan plan)
    {
        if (SnapshotOf(plan.Mutation.Key.ToArray()) is not { } held) return null;
        var puts = new List<ItemWrite>();
        foreach (var item in held.Items)
        {
            if (item.Version == plan.Version) puts.Add(new ItemWrite(item.Key, item.ContentType, item.Value));
            else item.Value.Release();
        }

        if (puts.Count == plan.Puts.Count) return puts;
        foreach (var put in puts) put.Value.Release();
        return null;
    }
}
