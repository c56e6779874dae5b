using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private readonly SingleFlight<Consultation> _consulting = new();

    /// <summary>
    /// Asks the shared tiers for a session, from the nearest on, once however many ask. The caller releases the answer. A caller that
    /// gives up does not end the question for the others.
    /// </summary>
    private async ValueTask<Consultation> ConsultAsync(byte[] key, TierSet tiers, CancellationToken cancellationToken)
    {
        var (askedAt, changedAt, hash) = (_recent.Now, _changed.Now, _memory.HashOf(key));
        while (true)
        {
            var answer = await _consulting.Join(key, () => AskOnceAsync(key, tiers)).WaitAsync(cancellationToken);
            // Asked by another, before something that this caller may know of already.
            var isBefore = (answer.ChangedAt < changedAt && _changed.AnySince(answer.ChangedAt, hash)) || (answer.AskedAt < askedAt && _recent.AnySince(answer.AskedAt, hash));
            if (!isBefore && answer.TryShare()) return answer;
        }
    }

    private async Task<Consultation> AskOnceAsync(byte[] key, TierSet tiers)
    {
        var (askedAt, changedAt) = (_recent.Now, _changed.Now);
        var answer = await AskTiersAsync(key, tiers) with { AskedAt = askedAt, ChangedAt = changedAt };

        // The readers that were waiting take their own references first; then the question's own goes.
        _ = ReleaseLaterAsync(answer);
        return answer;
    }

    private async Task ReleaseLaterAsync(Consultation answer)
    {
        await Task.Delay(_options.SweepEvery, TimeProvider.System, CancellationToken.None);
        answer.Release();
    }

    /// <summary>
    /// 1. Each tier in turn, until one knows: it holds the session whole, or remembers that it was deleted. 2. A projection is kept and
    /// the next tier is asked; so it is while the tier is to be brought what it lost, or has yet to hear what only the journal knows.
    /// 3. What this sidecar has yet to tell a tier counts as told.
    /// </summary>
    private async Task<Consultation> AskTiersAsync(byte[] key, TierSet tiers)
    {
        var (inquiry, hash) = (new Inquiry(), _memory.HashOf(key));
        foreach (var loop in _shared!.Loops)
        {
            if (!tiers.HasFlag(loop.Link.Flag)) continue;
            var isRecovering = IsRecovering(loop, key); // before what is pending: the journal is read into that
            var pending = loop.Outbox.Pending(key);
            if (pending.IsDelete) inquiry.Delete(pending.Floor);
            if (pending.IsDelete && !isRecovering) break;
            if (!await loop.KnowsRemovalsAsync())
            {
                inquiry.Doubt(loop.Link.Flag);
                if (IsHere(key, hash)) continue; // it may bring back what was removed here
            }

            var answer = await loop.Link.ReadSessionAsync(key, _closing.Token);
            _clock.Observe(answer.Newest);
            inquiry.Ask(loop.Link.Flag, answer);
            if (answer.Status == RemoteReadStatus.NotFound && answer.Floor != ItemVersion.None)
            {
                inquiry.Delete(answer.Floor);
                break;
            }

            if (answer.Status != RemoteReadStatus.Found) continue;
            answer = Corrected(answer, pending);
            var differences = inquiry.Add(loop.Link.Flag, isRecovering ? answer with { IsProjection = true } : answer);
            Reconcile(differences, inquiry.Found!, loop);
            if (!inquiry.Found!.IsProjection) break;
        }

        return inquiry.Conclude();
    }

    /// <summary>Where two tiers tell different things, each hears what the other knows better.</summary>
    private void Reconcile(in Inquiry.Differences differences, RemoteSession together, SyncLoop farther)
    {
        var session = together.Session!;
        foreach (var item in differences.Removals)
            if (farther.Outbox.HasRoomFor(0, isJournalled: false)) farther.Outbox.Note(RemovalOf(session.Key, item, together, session.Header), wait: false);
        if (differences.IsNearerOlder && farther.Link.Flag == TierSet.Postgres) _shared!.Of(TierSet.Redis)?.Outbox.Refills.Add(session.Key, null);
    }

    private OwedNote RemovalOf(byte[] session, byte[] item, RemoteSession there, SessionHeader header)
        => new(session, ItemVersion.Newer(there.Floor, there.Removed?.GetValueOrDefault(item) ?? ItemVersion.None), _clock.NowMs) { Header = header, Removed = [item] };

    /// <summary>A tier's answer as it will be when it has heard of what is on its way from here.</summary>
    private static RemoteSession Corrected(RemoteSession answer, PendingChanges pending)
    {
        if (pending.IsNone) return answer;
        var kept = new List<ItemSnapshot>();
        foreach (var item in answer.Session!.Items)
        {
            var isGone = item.Version < pending.Floor || (pending.Removed.TryGetValue(item.Key, out var removed) && removed > item.Version);
            if (isGone) item.Value.Release();
            else kept.Add(item);
        }

        return answer with { Session = answer.Session with { Items = kept }, Owed = pending.Items, OwesAll = pending.IsWhole };
    }
}
