using System.Threading.Channels;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// Sessions whose rule names a deleted one as their parent are deleted after it. 1. A delete leaves the key in a bounded line. 2. One
/// walk over what is here serves all that wait. 3. PostgreSQL finds the others by its index; without it Redis is walked. Each child is
/// deleted as everything else is, so its own children follow.
/// </remarks>
public sealed partial class TierEngine
{
    private const int MaxWaitingParents = 10_000;
    private const int ChildrenPage = 500;

    private readonly Channel<byte[]> _deletedParents = Channel.CreateBounded<byte[]>(MaxWaitingParents);

    /// <summary>A session was deleted: what belongs to it follows. The deleting caller waits only where too many deletes wait already.</summary>
    private ValueTask OrphanAsync(SessionPlan plan)
        => plan.Mutation is { Delete: true, IsChild: false } && !plan.IsAdoption && _rules.HasParents ? _deletedParents.Writer.WriteAsync(plan.Mutation.Key.ToArray(), _closing.Token) : ValueTask.CompletedTask;

    private async Task DeleteChildrenAsync(CancellationToken cancellationToken)
    {
        while (await _deletedParents.Reader.WaitToReadAsync(cancellationToken))
        {
            var parents = new HashSet<byte[]>(KeyComparer.Instance);
            while (parents.Count < MaxWaitingParents && _deletedParents.Reader.TryRead(out var parent)) parents.Add(parent);
            while (parents.Count > 0)
            {
                // Children of children: what a round deletes is the next round's parents.
                var round = new ChildrenRound(parents, new HashSet<byte[]>(KeyComparer.Instance));
                while (!await DeleteChildrenHereAsync(round) || !await DeleteChildrenThereAsync(round, cancellationToken)) await Task.Delay(_options.SweepEvery, _time, cancellationToken);
                parents = round.Deleted;
            }
        }
    }

    private bool IsChild(byte[] key, ChildrenRound round)
        => ParentNames.Of(_rules.Policy.Matcher.MatchSession(key, null), key) is { } parent && round.Parents.Contains(parent);

    /// <summary>False: a tier did not take a delete, which is tried again.</summary>
    private async ValueTask<bool> DeleteChildrenHereAsync(ChildrenRound round)
    {
        var isComplete = true;
        await DiskShowsAllAsync(_closing.Token);
        foreach (var child in AllKeys())
            if (IsChild(child, round)) isComplete &= await IsDeletedAsync(child, round);
        return isComplete;
    }

    /// <summary>False: the tier is away, and is asked again.</summary>
    private async ValueTask<bool> DeleteChildrenThereAsync(ChildrenRound round, CancellationToken cancellationToken)
    {
        if (_shared is null) return true;
        var loop = _shared.Loops[^1];
        if (loop.Link.Flag == TierSet.Redis) return await DeletePagesAsync(loop, round, after => loop.Link.Tier.ListAsync(default, after, ChildrenPage, cancellationToken), key => IsChild(key, round));
        if (loop.Link.Tier is not IIndexedTier indexed) return true;
        foreach (var parent in round.Parents)
        {
            if (!await DeletePagesAsync(loop, round, after => indexed.ListChildrenAsync(parent, after, ChildrenPage, cancellationToken), static _ => true)) return false;
        }

        return true;
    }

    private async ValueTask<bool> DeletePagesAsync(SyncLoop loop, ChildrenRound round, Func<ReadOnlyMemory<byte>, ValueTask<RemoteListing>> list, Func<byte[], bool> isChild)
    {
        for (ReadOnlyMemory<byte> after = default; ;)
        {
            if (!loop.Link.CanWrite) return false;
            var page = await list(after);
            if (page.Status != RemoteReadStatus.Found) return false;
            foreach (var listed in page.Sessions)
                if (isChild(listed.Key) && !round.Deleted.Contains(listed.Key) && !await IsDeletedAsync(listed.Key, round)) return false;
            if (page.Sessions.Count < ChildrenPage) return true;
            after = page.Sessions[^1].Key;
        }
    }

    private async ValueTask<bool> IsDeletedAsync(byte[] child, ChildrenRound round)
    {
        var outcome = await WriteAsync(new SessionMutation(child) { Delete = true, IsChild = true }, CancellationToken.None);
        if (outcome.Succeeded) round.Deleted.Add(child);
        return outcome.Succeeded || outcome.Status == WriteStatus.NotFound;
    }

    private sealed record ChildrenRound(HashSet<byte[]> Parents, HashSet<byte[]> Deleted);
}
