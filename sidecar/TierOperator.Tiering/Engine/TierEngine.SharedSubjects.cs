using System.Runtime.CompilerServices;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Checkpoints;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private const int SubjectPage = 500;

    /// <summary>Shared tiers that cannot be asked now: an erasure or export would leave out what only they hold.</summary>
    public TierSet SharedTiersAway => _shared is null ? TierSet.None : _shared.Bound & ~_shared.Writable;

    /// <summary>
    /// Erases a subject from every tier, archives and checkpoints included. 1. It is noted, so that no restore brings it back. 2. What is
    /// here goes, from checkpoints too. 3. What only a shared tier holds is deleted as everything else is, with its tombstone. 4. PostgreSQL's
    /// archives go.
    /// </summary>
    /// <exception cref="CheckpointException">A checkpoint could not be written anew: ask again.</exception>
    public async ValueTask<SubjectErasure> EraseSubjectEverywhereAsync(string subject, CancellationToken cancellationToken)
    {
        var floor = _clock.Next();
        _erasures?.Add(subject, floor);
        await DiskShowsAllAsync(cancellationToken);
        var erased = new HashSet<byte[]>(AllKeys().Where(key => HeaderOf(key)?.Subject == subject), KeyComparer.Instance);
        var (archived, unavailable) = (0, SharedTiersAway);
        await EraseSubjectAsync(subject, cancellationToken);
        var checkpoints = _checkpoints is null ? default : await _checkpoints.EraseAsync(session => _erasures?.Covers(session.Header.Subject, NewestOf(session)) == true, cancellationToken);
        foreach (var loop in _shared?.Loops ?? [])
        {
            if (unavailable.HasFlag(loop.Link.Flag)) continue;
            var (isComplete, copies) = await EraseThereAsync(loop, subject, floor, erased, cancellationToken);
            archived += copies;
            if (!isComplete) unavailable |= loop.Link.Flag;
        }

        return new SubjectErasure(erased.Count, archived, unavailable) { Checkpoints = checkpoints.Rewritten, CheckpointsDropped = checkpoints.Dropped, CheckpointsUnread = checkpoints.Unread };
    }

    /// <summary>Every session about a subject, wherever it is; those of this sidecar first. The caller releases each.</summary>
    public async IAsyncEnumerable<SessionSnapshot> ExportSubjectEverywhereAsync(string subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<byte[]>(KeyComparer.Instance);
        await DiskShowsAllAsync(cancellationToken);
        foreach (var session in ExportSubject(subject))
        {
            // A part of a session is told whole, from where the rest of it is.
            if (session.Header.IsPartial) session.Release();
            else if (seen.Add(session.Key)) yield return session;
        }

        foreach (var loop in (_shared?.Loops ?? []).Reverse())
        {
            await foreach (var key in KeysOfSubjectAsync(loop, subject, cancellationToken))
            {
                if (!seen.Add(key)) continue;
                var read = await ReadSessionAsync(key, cancellationToken);
                if (read.Session is { } session) yield return session;
            }
        }
    }

    private async ValueTask<(bool IsComplete, int Archived)> EraseThereAsync(SyncLoop loop, string subject, ItemVersion floor, HashSet<byte[]> erased, CancellationToken cancellationToken)
    {
        try
        {
            var isComplete = true;
            await foreach (var key in KeysOfSubjectAsync(loop, subject, cancellationToken))
            {
                var outcome = await DeleteSessionAsync(key, default, cancellationToken);
                if (outcome.Succeeded) erased.Add(key);
                isComplete &= outcome.Succeeded || outcome.Status == WriteStatus.NotFound;
            }

            if (loop.Link.Flag != TierSet.Postgres || loop.Link.Tier is not IIndexedTier indexed) return (isComplete, 0);
            var rest = await indexed.EraseSubjectAsync(subject, floor, cancellationToken);
            return (isComplete && rest.IsComplete, rest.Archived);
        }
        catch (IOException)
        {
            return (false, 0);
        }
    }

    /// <summary>PostgreSQL has an index of subjects; Redis is walked, a header at a time.</summary>
    /// <exception cref="IOException">The tier stopped answering.</exception>
    private static async IAsyncEnumerable<byte[]> KeysOfSubjectAsync(SyncLoop loop, string subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var tier = loop.Link.Tier;
        var indexed = loop.Link.Flag == TierSet.Postgres ? tier as IIndexedTier : null;
        for (ReadOnlyMemory<byte> after = default; ;)
        {
            var page = indexed is null ? await tier.ListAsync(default, after, SubjectPage, cancellationToken) : await indexed.ListSubjectAsync(subject, after, SubjectPage, cancellationToken);
            if (page.Status != RemoteReadStatus.Found) throw new IOException($"{SharedTiers.NameOf(loop.Link.Flag)} stopped answering.");
            foreach (var listed in page.Sessions)
            {
                if (indexed is not null || (await tier.ReadItemAsync(listed.Key, default, cancellationToken)).Header?.Subject == subject) yield return listed.Key;
            }

            if (page.Sessions.Count < SubjectPage) yield break;
            after = page.Sessions[^1].Key;
        }
    }
}

/// <summary>What an erasure came to. <see cref="Unavailable"/>: tiers that could not be asked to the end; erase again when they can.</summary>
public sealed record SubjectErasure(int Sessions, int Archived, TierSet Unavailable)
{
    /// <summary>Checkpoints that were written anew without it.</summary>
    public int Checkpoints { get; init; }

    /// <summary>Checkpoints that went whole: damaged, or with no room to be written anew.</summary>
    public int CheckpointsDropped { get; init; }

    /// <summary>Checkpoints whose key is not at hand: nobody here can read them, and a restore leaves the subject out.</summary>
    public int CheckpointsUnread { get; init; }
}
