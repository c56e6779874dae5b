using System.Globalization;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// A page of the sessions here whose id starts with <paramref name="prefix"/>, in no order: first those that memory holds, shard
    /// by shard, then those that only the disk holds. What was acknowledged before the first page is there; a session that moves
    /// meanwhile may come twice or not at all.
    /// </summary>
    /// <exception cref="FormatException">The cursor is not one that a listing has given.</exception>
    public async ValueTask<SessionPage> ListHereAsync(byte[] prefix, TierSet tier, int limit, string? cursor, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(cursor)) await DiskShowsAllAsync(cancellationToken);
        return List(prefix, tier, limit, cursor);
    }

    /// <summary>A write is acknowledged an instant before walks over the disk can meet it: after this they meet all so far.</summary>
    private ValueTask DiskShowsAllAsync(CancellationToken cancellationToken) => _disk?.FlushAsync(cancellationToken) ?? ValueTask.CompletedTask;

    private SessionPage List(ReadOnlySpan<byte> prefix, TierSet tier, int limit, string? cursor)
    {
        var sessions = new List<SessionListing>();
        var (phase, position) = ParseCursor(cursor);
        if (phase == 'm')
        {
            position = ListMemory(prefix, tier, limit, position, sessions);
            if (position >= 0) return new SessionPage(sessions, $"m{position}");
            if (_disk is null || tier == TierSet.Memory) return new SessionPage(sessions, null);
            if (sessions.Count >= limit) return new SessionPage(sessions, "d0");
            position = 0;
        }

        return _disk is null ? new SessionPage(sessions, null) : ListDisk(prefix, limit, position, sessions);
    }

    private SessionPage ListDisk(ReadOnlySpan<byte> prefix, int limit, long position, List<SessionListing> sessions)
    {
        var page = new List<DiskSession>();
        while (position >= 0 && sessions.Count < limit)
        {
            page.Clear();
            position = _disk!.ListSessions(position, limit - sessions.Count, page);
            foreach (var session in page)
            {
                if (!session.Key.AsSpan().StartsWith(prefix) || ReservedKeys.IsReserved(session.Key) || session.Header.DeadlineMs <= _clock.NowMs) continue;
                if (IsResident(session.Key, _memory.HashOf(session.Key))) continue;
                sessions.Add(new SessionListing(session.Key, TierSet.Spillover, session.Bytes, session.Items, session.Header.LastAccessMs) { Kind = session.Header.Kind });
            }
        }

        return new SessionPage(sessions, position < 0 ? null : $"d{position}");
    }

    private static (char Phase, long Position) ParseCursor(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor)) return ('m', 0);
        if (cursor[0] is not ('m' or 'd') || !long.TryParse(cursor.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            throw new FormatException("The cursor is not one that a listing has given.");
        return (cursor[0], position);
    }

    /// <summary>From a position (shard, then slot) on; where to go on, or -1 at the end.</summary>
    private long ListMemory(ReadOnlySpan<byte> prefix, TierSet tier, int limit, long position, List<SessionListing> sessions)
    {
        var (shard, slot) = ((int)Math.Min(position >> 32, MemoryTier.ShardCount), (int)position);
        for (; shard < MemoryTier.ShardCount; shard++, slot = 0)
        {
            slot = ListShard(_memory.Shards[shard], slot, prefix, tier, limit, sessions);
            if (slot >= 0) return ((long)shard << 32) | (uint)slot;
        }

        return -1;
    }

    private unsafe int ListShard(MemoryShard shard, int from, ReadOnlySpan<byte> prefix, TierSet tier, int limit, List<SessionListing> sessions)
    {
        lock (shard.Gate)
        {
            for (var place = Math.Max(0, from); place < shard.PlaceCount; place++)
            {
                if (sessions.Count >= limit) return place;
                var session = shard.SessionInPlace_NeedsLock(place);
                if (session == null) continue;
                var key = SessionRecord.Key(session);
                if (!key.StartsWith(prefix) || ReservedKeys.IsReserved(key) || IsDead(shard, session, _rules, _clock.NowMs)) continue;
                var tiers = session->Flags.Has(SessionFlags.OnDisk) ? TierSet.Memory | TierSet.Spillover : TierSet.Memory;
                if (tier != TierSet.None && !tiers.HasFlag(tier)) continue;
                sessions.Add(new SessionListing(key.ToArray(), tiers, session->CostBytes, session->ItemCount, session->LastAccessMs) { Kind = session->Kind });
            }

            return -1;
        }
    }

    /// <summary>Every live session, whole: for checkpoints and export. The receiver releases each.</summary>
    private IEnumerable<SessionSnapshot> AllSessions()
    {
        foreach (var key in AllKeys())
            if (SnapshotOf(key) is { } session) yield return session;
    }

    /// <summary>
    /// Every live session's key, in pages, so that no lock is held while the caller works. 1. What only memory holds. 2. What
    /// the disk holds. 3. Under Overflow, what came up from the disk between the two looks. Cached responses are nobody's
    /// sessions: they are left out.
    /// </summary>
    private IEnumerable<byte[]> AllKeys() => AllKeysEver().Where(key => !ReservedKeys.IsReserved(key));

    private IEnumerable<byte[]> AllKeysEver()
    {
        var seen = _rules.IsMirror || _disk is null ? null : new HashSet<byte[]>(KeyComparer.Instance);
        foreach (var key in MemoryOnlyKeys())
            if (seen is null || seen.Add(key)) yield return key;
        if (_disk is null) yield break;
        foreach (var session in _disk.EnumerateSessions())
            if (seen is null || seen.Add(session.Key)) yield return session.Key;
        if (seen is null) yield break;
        foreach (var key in MemoryOnlyKeys())
            if (seen.Add(key)) yield return key;
    }

    private IEnumerable<byte[]> MemoryOnlyKeys() => _memory.Shards.SelectMany(MemoryOnlyKeys);

    private unsafe List<byte[]> MemoryOnlyKeys(MemoryShard shard)
    {
        var keys = new List<byte[]>();
        lock (shard.Gate)
        {
            foreach (var record in shard.Sessions_NeedsLock())
            {
                var session = (SessionRecord*)record;
                // A change on its way to the disk is not listed there yet.
                var isListed = session->Flags.Has(SessionFlags.OnDisk) && session->Ticket <= (_disk?.DurableTicket ?? 0);
                if (!isListed && !IsDead(shard, session, _rules, _clock.NowMs)) keys.Add(SessionRecord.Key(session).ToArray());
            }
        }

        return keys;
    }

    /// <summary>A session as it is now, without counting an access. The caller releases it.</summary>
    private unsafe SessionSnapshot? SnapshotOf(byte[] key)
    {
        var hash = _memory.HashOf(key);
        var shard = _memory.ShardOf(hash);
        var nowMs = _clock.NowMs;
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session != null)
            {
                var rule = _rules.Stored(session->RuleId, key);
                if (MemoryShard.IsDead_NeedsLock(session, rule, nowMs)) return null;
                var snapshot = shard.Snapshot_NeedsLock(session, rule);
                return session->Flags.Has(SessionFlags.HasDiskItems) ? WithDiskItems(snapshot) : snapshot;
            }
        }

        if (_disk is null || _disk.TryReadSession(key, out var below) != DiskReadStatus.Found) return null;
        if (below.Header.DeadlineMs > nowMs) return below;
        below.Release();
        return null;
    }
}
