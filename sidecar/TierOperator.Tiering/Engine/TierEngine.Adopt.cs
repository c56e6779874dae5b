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
    /// What was not taken over, or not from all of them, leaves the copy here suspect.
    /// </summary>
    private async ValueTask<Comparison> AdoptAsync(ReadOnlyMemory<byte> session, ulong hash, Consultation answer, CancellationToken cancellationToken)
    {
        if (answer.Status == ReadStatus.Unavailable) return new Comparison(false, answer.Unavailable);
        var isTaken = answer.DeletedAt != ItemVersion.None ? await DeleteHereAsync(session, answer, _shared!.Bound, cancellationToken)
            : answer.Found is { } found ? await MergeInAsync(session, found, answer.ChangedAt, cancellationToken)
            : BelieveWhatIsHere(session.Span, hash, answer.ChangedAt);
        if (isTaken && answer.Unavailable == TierSet.None)
        {
            _suspects.Remove(hash);
            Clear(session.Span, hash, SessionFlags.Suspect, answer.ChangedAt);
            DoubtIfAnnounced(session, hash, answer.AskedAt);
            return Comparison.Done;
        }

        Suspect(session.ToArray(), hash);
        return new Comparison(false, answer.Unavailable);
    }

    /// <param name="settled">The tiers that know of the deletion. Where this sidecar deleted it and ended, PostgreSQL may not.</param>
    private async ValueTask<bool> DeleteHereAsync(ReadOnlyMemory<byte> session, Consultation answer, TierSet settled, CancellationToken cancellationToken)
    {
        if (_lastRuns.Gave(answer.DeletedAt)) settled = TierSet.Redis;
        if (!IsOlderHere(session.Span, answer.DeletedAt)) return true;
        await MutateAsync(new SessionMutation(session) { Delete = true, Decided = answer.DeletedAt, SettledIn = settled, AskedAt = answer.ChangedAt }, cancellationToken);
        return !IsOlderHere(session.Span, answer.DeletedAt);
    }

    private async ValueTask<bool> MergeInAsync(ReadOnlyMemory<byte> session, RemoteSession found, long askedAt, CancellationToken cancellationToken)
        => (await MutateAsync(new SessionMutation(session) { Adopted = found with { Undecided = UndecidedOf(session) }, AskedAt = askedAt }, cancellationToken)).Succeeded;

    /// <summary>Every tier has answered and knows no other state of it: what is here is the session.</summary>
    private bool BelieveWhatIsHere(ReadOnlySpan<byte> session, ulong hash, long askedAt)
    {
        Clear(session, hash, SessionFlags.Partial, askedAt);
        return !_changed.AnySince(askedAt, hash);
    }

    /// <summary>A copy here that cannot be settled with what the tiers hold, put together with that for one read.</summary>
    private async ValueTask<SessionReadOutcome> ReadSessionTogetherAsync(ReadOnlyMemory<byte> session, ulong hash, CancellationToken cancellationToken)
    {
        var here = SnapshotOf(session.ToArray()) is { } held ? new SessionReadOutcome(ReadStatus.Found) { Session = held, Rule = _rules.Stored(held.Header.Rule, session.Span).Rule } : new SessionReadOutcome(ReadStatus.NotFound);
        return await ReadMergedAsync(session, hash, here, cancellationToken);
    }

    private async ValueTask<ReadOutcome> ReadTogetherAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, ulong hash, CancellationToken cancellationToken)
    {
        var whole = await ReadSessionTogetherAsync(session, hash, cancellationToken);
        var found = whole.Session?.Items.FirstOrDefault(held => held.Key.AsSpan().SequenceEqual(item.Span));
        try
        {
            if (found?.Key is null) return whole.Status == ReadStatus.Found ? NotFound(session.Span) with { Unavailable = whole.Unavailable } : Missing(session.Span, whole.Unavailable);
            found.Value.Value.Large?.AddReference();
            return FoundThere(session, whole.Session!.Header, found.Value, TierSet.Memory) with { Source = whole.Source, Unavailable = whole.Unavailable };
        }
        finally
        {
            whole.Session?.Release();
        }
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
