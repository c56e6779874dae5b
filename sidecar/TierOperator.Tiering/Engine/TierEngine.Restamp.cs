using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// Clocks differ by milliseconds. What one sidecar wrote may then bear an older version than what another had written, and acknowledged, before
/// it: by versions alone it would be lost, though its caller waited for the tier that decides and was told that the tier has it. That tier says that it
/// had something newer. So the write is made once more, at a version behind that: it came later. What was written here since came later still, and is
/// what the tier may have meant: then nothing is done. Where the other's time was refused as too far ahead (<see cref="HybridClock.MaxAheadMs"/>) the
/// clock that is ahead wins, as with writes that nobody waits for.
/// </remarks>
public sealed partial class TierEngine
{
    private static bool MayRestamp(WriteOutcome outcome, SessionPlan plan)
        => outcome.Succeeded && plan.Mutation is { IsBlind: true, IsRestamped: false, Adopted: null } && plan.Rule!.Rule.OnConflict == ConflictStrategy.LatestWins;

    private async ValueTask<WriteOutcome> RestampAsync(WriteOutcome outcome, Attempt attempt, CancellationToken cancellationToken)
    {
        var plan = attempt.Plan!;
        if (PutsAgain(plan, attempt.TookValues) is not { } puts) return outcome;
        var again = await MutateAsync(plan.Mutation with { Puts = puts, IsRestamped = true, AskedAt = attempt.Owed.ChangedAt }, cancellationToken);
        var isMade = again.Succeeded || again.Status == WriteStatus.Unavailable; // else nothing has changed: the first one stands
        var status = again.Status == WriteStatus.Replaced && outcome.Status == WriteStatus.Created ? outcome.Status : again.Status;
        return isMade ? again with { Status = status } : outcome;
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
        for (var i = 0; i < puts.Count; i++)
        {
            if (puts[i].Value.Large is not { } large || large.AddReference()) continue;
            foreach (var put in puts.Take(i)) put.Value.Release();
            return null;
        }

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
