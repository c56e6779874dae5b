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
        while (true)
        {
            var answer = await _consulting.Join(key, () => AskOnceAsync(key, tiers)).WaitAsync(cancellationToken);
            if (answer.TryShare()) return answer;
        }
    }

    private async Task<Consultation> AskOnceAsync(byte[] key, TierSet tiers)
    {
        var askedAt = _recent.Now;
        var answer = await AskTiersAsync(key, tiers) with { AskedAt = askedAt };

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
    /// the next tier is asked; so it is while the tier is to be brought what it lost. 3. What this sidecar has yet to tell a tier counts as told.
    /// </summary>
    private async Task<Consultation> AskTiersAsync(byte[] key, TierSet tiers)
    {
        RemoteSession? part = null;
        var (partSource, unavailable) = (TierSet.None, TierSet.None);
        var seen = new Dictionary<TierSet, ItemVersion>();
        foreach (var loop in _shared!.Loops)
        {
            if (!tiers.HasFlag(loop.Link.Flag)) continue;
            var pending = loop.Outbox.Pending(key);
            if (pending.IsDelete) return new Consultation(ReadStatus.NotFound) { DeletedAt = pending.Floor };
            var answer = await loop.Link.ReadSessionAsync(key, _closing.Token);
            _clock.Observe(answer.Newest);
            seen[loop.Link.Flag] = answer.Newest;
            if (answer.Status == RemoteReadStatus.Unavailable) unavailable |= loop.Link.Flag;
            if (answer.Status == RemoteReadStatus.NotFound && answer.Floor != ItemVersion.None)
            {
                if (part is not null && WrittenSince(part, answer.Floor) is { } anew)
                {
                    part = anew;
                    break;
                }

                return new Consultation(ReadStatus.NotFound) { DeletedAt = answer.Floor, Unavailable = unavailable, Seen = seen };
            }

            if (answer.Status != RemoteReadStatus.Found) continue;
            answer = Corrected(answer, pending);
            if (IsRecovering(loop, key)) answer = answer with { IsProjection = true };
            if (!answer.IsProjection) return WholeOf(answer, part, loop.Link.Flag, unavailable) with { Seen = seen };
            if (part is null) (part, partSource) = (answer, loop.Link.Flag);
            else answer.Session!.Release();
        }

        // The last tier holds a part: where no tier failed, a part is all there is.
        if (part is not null) return new Consultation(ReadStatus.Found) { Found = part, Source = partSource, Unavailable = unavailable, Seen = seen };
        return new Consultation(unavailable == TierSet.None ? ReadStatus.NotFound : ReadStatus.Unavailable) { Unavailable = unavailable, Seen = seen };
    }

    /// <summary>What of a part is newer than a deletion that a later tier remembers, for that has yet to hear of it; null when nothing is.</summary>
    private static RemoteSession? WrittenSince(RemoteSession part, ItemVersion floor)
    {
        var kept = new List<ItemSnapshot>();
        foreach (var item in part.Session!.Items)
        {
            if (item.Version > floor) kept.Add(item);
            else item.Value.Release();
        }

        return kept.Count == 0 ? null : part with { Session = part.Session with { Items = kept }, Floor = floor };
    }

    /// <summary>What a nearer tier had of it may be newer, item by item.</summary>
    private static Consultation WholeOf(RemoteSession whole, RemoteSession? part, TierSet source, TierSet unavailable)
    {
        if (part?.Session is { } nearer)
        {
            var items = whole.Session!.Items.ToDictionary(item => item.Key, KeyComparer.Instance);
            foreach (var item in nearer.Items)
            {
                if (items.TryGetValue(item.Key, out var other) && other.Version >= item.Version) item.Value.Release();
                else
                {
                    if (items.TryGetValue(item.Key, out other)) other.Value.Release();
                    items[item.Key] = item;
                }
            }

            var newest = part.Newest > whole.Newest ? part.Newest : whole.Newest;
            whole = whole with { Session = whole.Session with { Items = [.. items.Values] }, Newest = newest };
        }

        return new Consultation(ReadStatus.Found) { Found = whole, Source = source, Unavailable = unavailable };
    }

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

        return answer with { Session = answer.Session with { Items = kept }, Owed = pending.Items };
    }
}
