using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// Copies in this process are believed until the backplane says otherwise. 1. An announcement of a newer version makes the copy
/// suspect; one of an older, or of our own, nothing. So it does with a copy made of an answer that was asked for before it. 2. A gap makes
/// every copy suspect; while announcements do not arrive at all, each round of the sweep does, so that none is believed for longer than
/// that. 3. A suspect copy is compared with the shared tiers before it answers; if one that may know better is away it answers with
/// <c>Tier-Unavailable</c>, or not at all where the rule says Fail. Where it changes while they are asked, or has no room for what they hold, their
/// answer and the copy are put together for that read alone.
/// </remarks>
public sealed partial class TierEngine
{
    private readonly SuspectSessions _suspects = new();
    private readonly RecentAnnouncements _recent = new();
    private readonly RecentAnnouncements _changed = new();
    private long _announced;
    private long _gaps;

    /// <summary>Announcements of others that made a copy here suspect.</summary>
    internal long Announced => Interlocked.Read(ref _announced);
    internal long ClockRefused => _clock.Refused;
    internal long Gaps => Interlocked.Read(ref _gaps);

    private void OnAnnounced(RemoteAnnouncement announcement)
    {
        if (announcement.Node == _clock.Node) return;
        _clock.Observe(announcement.Newest);
        var key = announcement.Session.ToArray();
        var hash = _memory.HashOf(key);
        _recent.Add(hash);
        _new.Remove(hash);
        Suspect(key, hash);
        Interlocked.Increment(ref _announced);
        SessionAnnounced?.Invoke(key);
    }

    /// <summary>The shared tiers may hold something newer: the copy here is compared before it is read again.</summary>
    private void Suspect(byte[] key) => Suspect(key, _memory.HashOf(key));

    private unsafe void Suspect(byte[] key, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session != null) session->Flags |= SessionFlags.Suspect;
        }

        if (_disk?.Contains(key) == true) _suspects.Add(hash);
    }

    /// <summary>Behind whatever makes a copy of an answer, or believes one again: an announcement in between found nothing to doubt.</summary>
    private void DoubtIfAnnounced(ReadOnlyMemory<byte> session, ulong hash, long askedAt)
    {
        if (_recent.AnySince(askedAt, hash)) Suspect(session.ToArray(), hash);
    }

    private void OnGap()
    {
        Interlocked.Increment(ref _gaps);
        Doubt(_shared!.Bound, evenResponses: true);
    }

    /// <summary>
    /// Nobody can tell what others write meanwhile. Cached responses are left out: how long they may be served is their own word, and what was
    /// purged is asked for.
    /// </summary>
    private void DoubtWhileDeaf()
    {
        if (_shared is { Deaf: var deaf and not TierSet.None }) Doubt(deaf, evenResponses: false);
    }

    /// <summary>Announcements of the sessions in these tiers do not arrive.</summary>
    private bool IsDeafTo(TierSet tiers) => (_shared!.Deaf & _shared.HearingOf(tiers)) != TierSet.None;

    /// <summary>Makes the copies suspect that are heard of from these tiers.</summary>
    private unsafe void Doubt(TierSet from, bool evenResponses)
    {
        _recent.AddAll();
        _new.Clear();
        _suspects.AddAll();
        foreach (var shard in _memory.Shards)
        {
            lock (shard.Gate)
            {
                foreach (var record in shard.Sessions_NeedsLock())
                {
                    var session = (SessionRecord*)record;
                    var key = SessionRecord.Key(session);
                    var hearing = _shared!.HearingOf(_rules.Stored(session->RuleId, key).SharedTiers);
                    if ((evenResponses || !IsResponse(key)) && (hearing & from) != TierSet.None) session->Flags |= SessionFlags.Suspect;
                }
            }
        }

        SessionAnnounced?.Invoke(null);
    }

    /// <summary>How often a reader compares a copy that changes again and again.</summary>
    private const int MostComparisons = 3;

    /// <summary>How a comparison of what is here with the shared tiers ended.</summary>
    /// <param name="IsDone">What is here is what they hold. Else, with none away: it changed while they were asked, or there is no room for what they hold.</param>
    /// <param name="Away">Those that may hold something newer and do not answer.</param>
    private readonly record struct Comparison(bool IsDone, TierSet Away)
    {
        public static readonly Comparison Done = new(true, TierSet.None);
        public bool IsOpen => !IsDone && Away == TierSet.None;
    }

    /// <summary>Compares what is here with the shared tiers.</summary>
    private async ValueTask<Comparison> CompareAsync(ReadOnlyMemory<byte> session, ulong hash, CancellationToken cancellationToken)
    {
        var tiers = _rules.SharedTiersOf(session.Span);
        if (IsKnownDoubtful(session.Span, tiers)) return new Comparison(false, _shared!.DeciderOf(tiers)!.Link.Flag);
        if (tiers == TierSet.None)
        {
            Clear(session.Span, hash, SessionFlags.Suspect | SessionFlags.Partial, long.MaxValue);
            return Comparison.Done;
        }

        var answer = await ConsultAsync(session.ToArray(), tiers, cancellationToken);
        try
        {
            return await AdoptAsync(session, hash, answer, cancellationToken);
        }
        finally
        {
            answer.Release();
        }
    }

    /// <summary>
    /// Where others write first is away, and no announcement comes: then nothing that a slower tier holds makes the copy here the newest, and asking
    /// it for every copy again and again would bring that tier down too. Who must be sure (Fail) has it asked all the same.
    /// </summary>
    private bool IsKnownDoubtful(ReadOnlySpan<byte> session, TierSet tiers)
        => IsDeafTo(tiers) && _shared!.DeciderOf(tiers) is { Link.CanRead: false } && _rules.Policy.Matcher.MatchSession(session, null).OnTierFailure == TierFailure.Degrade;

    private static bool IsResponse(ReadOnlySpan<byte> key) => ReservedKeys.IsReserved(key) && !key.SequenceEqual(ReservedKeys.Purges);

    /// <summary>What the disk has of a session may be old. Of what is not here there is nothing to compare: it is asked for once, as any other.</summary>
    private ValueTask<Comparison> CompareBelowAsync(ReadOnlyMemory<byte> session, ulong hash, CancellationToken cancellationToken)
        => _suspects.Contains(hash) && _disk?.Contains(session.Span) == true ? CompareAsync(session, hash, cancellationToken) : new ValueTask<Comparison>(Comparison.Done);

    /// <summary>The disk's answer with word of the tiers that could not confirm it; nothing where the rule says Fail.</summary>
    private ReadOutcome Doubtful(ReadOnlySpan<byte> session, ReadOutcome below, TierSet away)
    {
        var missing = Missing(session, away);
        if (below.Status == ReadStatus.Found && missing.Status != ReadStatus.Unavailable) return below with { Unavailable = missing.Unavailable };
        below.Value.Release();
        return missing;
    }

    private SessionReadOutcome DoubtfulSession(ReadOnlySpan<byte> session, SessionReadOutcome below, TierSet away)
    {
        var missing = MissingSession(session, away);
        if (below.Status == ReadStatus.Found && missing.Status != ReadStatus.Unavailable) return below with { Unavailable = missing.Unavailable };
        below.Session?.Release();
        return missing;
    }

    /// <summary>The copy here, with word of the tier that could not confirm it; nothing where the rule says Fail.</summary>
    private SessionReadOutcome SuspectSession(ReadOnlySpan<byte> session, ulong hash, TierSet away)
    {
        var rule = _rules.Policy.Matcher.MatchSession(session, null);
        if (rule.OnTierFailure == TierFailure.Fail || SnapshotMemory(session, hash, out var outcome, evenSuspect: true) != MemoryAnswer.Hit)
            return MissingSession(session, away);
        return outcome with { Unavailable = away };
    }

    private async ValueTask<ReadOutcome> SuspectItemAsync(
        ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, ulong hash, TierSet away, CancellationToken cancellationToken)
    {
        var missing = Missing(session.Span, away);
        if (missing.Status == ReadStatus.Unavailable) return missing;
        var answer = ReadMemory(session.Span, item.Span, hash, out var here, evenSuspect: true);
        if (answer == MemoryAnswer.Hit) return here with { Unavailable = missing.Unavailable };
        if (answer != MemoryAnswer.Below) return missing;
        if (_disk?.Contains(session.Span) == true && await ReadBelowAsync(session, item, hash, cancellationToken) is { Status: ReadStatus.Found } below)
            return below with { Unavailable = missing.Unavailable };
        return await ReadSharedAsync(session, item, hash, cancellationToken) is { Status: ReadStatus.Found } there ? there : missing;
    }
}
