using System.Globalization;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// A page of the sessions whose id starts with <paramref name="prefix"/>, in no order: first those that memory holds, shard
    /// by shard, then those that only the disk holds. A session that moves meanwhile may come twice or not at all.
    /// </summary>
    public SessionPage List(ReadOnlySpan<byte> prefix, TierSet tier, int limit, string? cursor)
    {
        var sessions = new List<SessionListing>();
        var (_, position) = ParseCursor(cursor);
        {
            while (position < MemoryTier.ShardCount && sessions.Count < limit)
                ListShard(_memory.Shards[(int)position++], prefix, tier, sessions);
            if (position < MemoryTier.ShardCount) return new SessionPage(sessions, $"m{position}");
            return new SessionPage(sessions, null);
        }
    }

    private static (char Phase, long Position) ParseCursor(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor)) return ('m', 0);
        if (cursor[0] is not ('m' or 'd') || !long.TryParse(cursor.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            throw new FormatException("The cursor is not one that a listing has given.");
        return (cursor[0], position);
    }

    private unsafe void ListShard(MemoryShard shard, ReadOnlySpan<byte> prefix, TierSet tier, List<SessionListing> sessions)
    {
        lock (shard.Gate)
        {
            foreach (var record in shard.Sessions_NeedsLock())
            {
                var session = (SessionRecord*)record;
                var key = SessionRecord.Key(session);
                if (!key.StartsWith(prefix) || IsDead(shard, session, _rules, _clock.NowMs)) continue;
                var tiers = session->Flags.Has(SessionFlags.OnDisk) ? TierSet.Memory | TierSet.Spillover : TierSet.Memory;
                if (tier != TierSet.None && !tiers.HasFlag(tier)) continue;
                sessions.Add(new SessionListing(key.ToArray(), tiers, session->CostBytes, session->ItemCount, session->LastAccessMs));
            }
        }
    }

    /// <summary>Every live session, whole, each once: for checkpoints, export and retention. The caller releases each.</summary>
    private IEnumerable<SessionSnapshot> AllSessions()
    {
        foreach (var key in AllKeys())
            if (SnapshotOf(key) is { } session) yield return session;
    }

    /// <summary>Every live session's key, each once, taken in pages so that no lock is held while the caller works.</summary>
    private IEnumerable<byte[]> AllKeys()
    {
        string? cursor = null;
        do
        {
            var page = List([], TierSet.None, 256, cursor);
            foreach (var listing in page.Sessions) yield return listing.Key;
            cursor = page.Next;
        }
        while (cursor is not null);
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

        if (_disk is null || _disk.TryReadSession(key, out var below) != Disk.DiskReadStatus.Found) return null;
        if (below.Header.DeadlineMs > nowMs) return below;
        below.Release();
        return null;
    }
}
