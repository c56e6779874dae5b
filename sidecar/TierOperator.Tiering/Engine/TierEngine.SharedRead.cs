using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// An item that no local tier has. 1. A session that has earned its place, or of which a part is here, is brought here whole.
    /// 2. Else the item alone is read from the nearest tier that has it.
    /// </summary>
    private async ValueTask<ReadOutcome> ReadSharedAsync(
        ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, ulong hash, CancellationToken cancellationToken)
    {
        var rules = _rules;
        var tiers = rules.SharedTiersOf(session.Span);
        if (tiers == TierSet.None || IsWholeHere(session.Span, hash)) return NotFound(session.Span);
        var rule = rules[rules.Policy.Matcher.MatchSession(session.Span, null)];
        if (IsHere(session.Span, hash) || (rule.UsesMemory && _cold.Count(hash) >= rule.Rule.PromoteAfter))
            return await ReadAdoptedAsync(session, item, hash, tiers, cancellationToken);
        var key = session.ToArray();
        return IsRecovering(tiers, key)
            ? await ReadOnceAsync(key, item, tiers, cancellationToken) // one tier alone may have it older, or not at all
            : await ReadItemThereAsync(key, item, hash, tiers, cancellationToken);
    }

    /// <summary>An item from all tiers together, for this read alone.</summary>
    private async ValueTask<ReadOutcome> ReadOnceAsync(byte[] session, ReadOnlyMemory<byte> item, TierSet tiers, CancellationToken cancellationToken)
    {
        var answer = await ConsultAsync(session, tiers, cancellationToken);
        try
        {
            if (answer.Found?.Session!.Items.Any(found => _lastRuns.Gave(found.Version)) == true) await AdoptAsync(session, _memory.HashOf(session), answer, cancellationToken);
            return OfConsulted(session, item, answer);
        }
        finally
        {
            answer.Release();
        }
    }

    private ReadOutcome OfConsulted(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, Consultation answer)
    {
        var found = answer.Found?.Session?.Items.FirstOrDefault(there => there.Key.AsSpan().SequenceEqual(item.Span));
        if (answer.Status != ReadStatus.Found || found?.Key is null) return Missing(session.Span, answer.Unavailable);
        found.Value.Value.Large?.AddReference();
        return FoundThere(session, answer.Found!.Session!.Header, found.Value, answer.Source) with { Unavailable = answer.Unavailable };
    }

    private async ValueTask<ReadOutcome> ReadAdoptedAsync(
        ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, ulong hash, TierSet tiers, CancellationToken cancellationToken)
    {
        var answer = await ConsultAsync(session.ToArray(), tiers, cancellationToken);
        try
        {
            await AdoptAsync(session, hash, answer, cancellationToken);
            return OfConsulted(session, item, answer);
        }
        finally
        {
            answer.Release();
        }
    }

    private async ValueTask<ReadOutcome> ReadItemThereAsync(
        byte[] key, ReadOnlyMemory<byte> item, ulong hash, TierSet tiers, CancellationToken cancellationToken)
    {
        var unavailable = TierSet.None;
        foreach (var loop in _shared!.Loops)
        {
            if (!tiers.HasFlag(loop.Link.Flag)) continue;
            var pending = loop.Outbox.Pending(key);
            if (pending.IsDelete) break;
            if (!await loop.KnowsRemovalsAsync()) unavailable |= loop.Link.Flag;
            var answer = await loop.Link.ReadItemAsync(key, item, cancellationToken);
            if (answer.Status == RemoteReadStatus.Unavailable) unavailable |= loop.Link.Flag;
            if (answer.Status == RemoteReadStatus.Found && IsCurrent(answer, pending, key))
            {
                _clock.Observe(answer.Item.Version);
                if (_lastRuns.Gave(answer.Item.Version)) // the slower tier may have to be told of it
                {
                    answer.Item.Value.Release();
                    return await ReadAdoptedAsync(key, item, hash, tiers, cancellationToken);
                }

                return FoundThere(key, answer.Header!, answer.Item, loop.Link.Flag) with { Unavailable = unavailable };
            }

            answer.Item.Value.Release();
            if (answer.Status == RemoteReadStatus.NotFound && (answer.IsDeleted || answer.Header is not null)) break;
        }

        return Missing(key, unavailable);
    }

    private bool IsCurrent(in RemoteItem answer, PendingChanges pending, ReadOnlySpan<byte> session)
        => answer.Item.Version >= pending.Floor
           && !(pending.Removed.TryGetValue(answer.Item.Key, out var removed) && removed > answer.Item.Version)
           && !_rules.Stored(answer.Header!.Rule, session).IsOver(answer.Header, _clock.NowMs);

    /// <summary>A whole session that no local tier has whole.</summary>
    private async ValueTask<SessionReadOutcome> ReadSessionSharedAsync(
        ReadOnlyMemory<byte> session, ulong hash, SessionReadOutcome here, CancellationToken cancellationToken)
    {
        var tiers = _rules.SharedTiersOf(session.Span);
        return tiers == TierSet.None || here is { Status: ReadStatus.Found, Session.Header.IsPartial: false } ? here : await ReadMergedAsync(session, hash, here, cancellationToken);
    }

    /// <summary>What is here, and takes over its values, with what the shared tiers hold.</summary>
    private async ValueTask<SessionReadOutcome> ReadMergedAsync(ReadOnlyMemory<byte> session, ulong hash, SessionReadOutcome here, CancellationToken cancellationToken)
    {
        var tiers = _rules.SharedTiersOf(session.Span);
        var answer = await ConsultAsync(session.ToArray(), tiers, cancellationToken);
        try
        {
            await AdoptAsync(session, hash, answer, cancellationToken);
            if (answer.DeletedAt != ItemVersion.None && here.Session is { } before)
                here = before.WrittenSince(answer.DeletedAt) is { } left ? here with { Session = left } : new SessionReadOutcome(ReadStatus.NotFound);
            if (answer.Status != ReadStatus.Found)
                return here.Session is not null ? here with { Unavailable = answer.Unavailable } : MissingSession(session.Span, answer.Unavailable);
            var held = answer.Found!.Session!;
            CountShared(_rules.Stored(held.Header.Rule, session.Span), answer.Source, BytesOf(held), held.Header);
            var merged = here.Session is { } local ? Merged(local, answer.Found!) : answer.TryShare() ? answer.Found!.Session! : null;
            if (merged is null) return MissingSession(session.Span, tiers);
            return new SessionReadOutcome(ReadStatus.Found)
            {
                Session = merged, Source = answer.Source, Unavailable = answer.Unavailable, Rule = _rules.Stored(merged.Header.Rule, session.Span).Rule,
            };
        }
        finally
        {
            answer.Release();
        }
    }

    private ReadOutcome FoundThere(ReadOnlyMemory<byte> session, SessionHeader header, in ItemSnapshot item, TierSet source)
    {
        var rule = _rules.Stored(header.Rule, session.Span);
        if (source != TierSet.Memory) CountShared(rule, source, item.Value.Length, header);
        return new ReadOutcome(ReadStatus.Found) { Value = item.Value, ContentType = item.ContentType, Version = item.Version, Source = source, Rule = rule.Rule };
    }

    private ReadOutcome Missing(ReadOnlySpan<byte> session, TierSet unavailable)
    {
        var rule = _rules.Policy.Matcher.MatchSession(session, null);
        var isUnknown = unavailable != TierSet.None && rule.OnTierFailure == TierFailure.Fail;
        return new ReadOutcome(isUnknown ? ReadStatus.Unavailable : ReadStatus.NotFound) { Unavailable = unavailable, Rule = rule };
    }

    private SessionReadOutcome MissingSession(ReadOnlySpan<byte> session, TierSet unavailable)
    {
        var missing = Missing(session, unavailable);
        return new SessionReadOutcome(missing.Status) { Unavailable = unavailable, Rule = missing.Rule };
    }

    private void CountShared(ActiveRule rule, TierSet source, long bytes, SessionHeader header)
    {
        _counters.SharedHit(source);
        CountRule(rule, source, bytes, header);
    }
}
