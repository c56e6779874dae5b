using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>What the shared tiers hold, put together with what is here.</summary>
public sealed partial class TierEngine
{
    /// <summary>
    /// Merges what the shared tiers hold into what is here; where they remember a deletion that is newer than what is here, it goes.
    /// With no room for it, nothing happens.
    /// </summary>
    private async ValueTask AdoptAsync(ReadOnlyMemory<byte> session, ulong hash, Consultation answer, CancellationToken cancellationToken)
    {
        if (answer.DeletedAt != ItemVersion.None)
        {
            var settled = _lastRun.Gave(answer.DeletedAt) ? TierSet.Redis : _shared!.Bound; // where this sidecar deleted it and ended, PostgreSQL may not know
            if (IsOlderHere(session.Span, answer.DeletedAt))
                await MutateAsync(new SessionMutation(session) { Delete = true, Decided = answer.DeletedAt, SettledIn = settled, AskedAt = answer.ChangedAt }, cancellationToken);
            return;
        }

        if (answer.Found is not { } found)
        {
            // Every tier has answered and knows no other state of it: what is here is the session.
            if (answer.Status == ReadStatus.NotFound) Clear(session.Span, hash, SessionFlags.Suspect | SessionFlags.Partial, answer.ChangedAt);
        }
        else
        {
            await MutateAsync(new SessionMutation(session) { Adopted = found with { Undecided = UndecidedOf(session) }, AskedAt = answer.ChangedAt }, cancellationToken);
        }

        DoubtIfAnnounced(session, hash, answer.AskedAt);
    }

    /// <summary>The newer of each item; takes over the local copy's references and shares the other's.</summary>
    private static SessionSnapshot Merged(SessionSnapshot local, RemoteSession there)
    {
        var items = new Dictionary<byte[], ItemSnapshot>(KeyComparer.Instance);
        foreach (var item in local.Items)
        {
            if (there.Outdates(item.Key, item.Version)) item.Value.Release();
            else items[item.Key] = item;
        }

        foreach (var item in there.Session!.Items)
        {
            if (items.TryGetValue(item.Key, out var mine) && mine.Version >= item.Version) continue;
            mine.Value.Release();
            item.Value.Large?.AddReference();
            items[item.Key] = item;
        }

        return local with { Items = [.. items.Values] };
    }

    /// <summary>Takes doubts from what memory holds of a session, unless it changed since the tiers were asked.</summary>
    private unsafe void Clear(ReadOnlySpan<byte> key, ulong hash, SessionFlags doubts, long askedAt)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            if (_changed.AnySince(askedAt, hash)) return;
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session != null) session->Flags &= ~doubts;
        }
    }

    private bool IsOlderHere(ReadOnlySpan<byte> key, ItemVersion version)
        => Describe(key, withItems: true) is { } meta && meta.Items.All(item => item.Version <= version);

    private bool IsHere(ReadOnlySpan<byte> key, ulong hash) => IsResident(key, hash) || _disk?.Contains(key) == true;

    /// <summary>A local tier holds the whole session, so that what it lacks does not exist.</summary>
    private bool IsWholeHere(ReadOnlySpan<byte> key, ulong hash)
        => IsHere(key, hash) && Describe(key, withItems: false) is { Header.IsPartial: false };
}
