using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Memory;

/// <summary>What memory knows of an item: found, surely absent, or to be looked for further down.</summary>
internal enum MemoryAnswer
{
    Hit,
    Absent,
    Below,
    Expired,

    /// <summary>It is there, and is to be compared with the shared tier first.</summary>
    Suspect,
}

internal sealed unsafe partial class MemoryShard
{
    private const int TouchBatch = 64;
    private readonly int[] _touched = new int[TouchBatch];
    private readonly List<int> _telling = [];
    private int _touchedCount;
    private volatile AccessTally?[] _tallies = [];

    /// <summary>Hits and misses of this shard; read without the lock by metrics.</summary>
    public long Hits, Misses;

    /// <summary>
    /// Reads one item. Takes this shard's lock only, copies a small value out, and leaves the access in a small buffer
    /// for the eviction policy: it is told in batches and without waiting.
    /// </summary>
    public MemoryAnswer TryRead(
        ReadOnlySpan<byte> sessionKey, ulong hash, ReadOnlySpan<byte> itemKey, long nowMs, RuleTable rules,
        Span<byte> destination, ref MemoryHit hit, bool evenSuspect = false)
    {
        lock (Gate)
        {
            var item = FindItem_NeedsLock(sessionKey, hash, itemKey);
            if (item == null) return WithoutItem_NeedsLock(sessionKey, hash, nowMs, rules, evenSuspect);
            var session = item->Session;
            var rule = rules.Stored(session->RuleId, sessionKey);
            if (IsExpired_NeedsLock(session, rule, nowMs)) return MemoryAnswer.Expired;
            if (session->Flags.Has(SessionFlags.Suspect) && !evenSuspect) return MemoryAnswer.Suspect;
            if (item->ValueLength > destination.Length) return MemoryAnswer.Below;

            hit.Rule = rule.Rule;
            hit.Kind = session->Kind;
            Fill_NeedsLock(item, nowMs, destination, ref hit);
            Hit_NeedsLock(session, rule, nowMs, hit.Length);
            return MemoryAnswer.Hit;
        }
    }

    private MemoryAnswer WithoutItem_NeedsLock(ReadOnlySpan<byte> sessionKey, ulong hash, long nowMs, RuleTable rules, bool evenSuspect)
    {
        var session = FindSession_NeedsLock(sessionKey, hash);
        if (session == null) return MemoryAnswer.Below;
        if (IsExpired_NeedsLock(session, rules.Stored(session->RuleId, sessionKey), nowMs)) return MemoryAnswer.Expired;
        if (session->Flags.Has(SessionFlags.Suspect) && !evenSuspect) return MemoryAnswer.Suspect;
        return (session->Flags & (SessionFlags.HasDiskItems | SessionFlags.Partial)) != 0 ? MemoryAnswer.Below : MemoryAnswer.Absent;
    }

    /// <summary>
    /// Past its residency in memory or its deadline: memory may not answer for it. A copy that the disk lacks answers until it
    /// has been sent there.
    /// </summary>
    public static bool IsExpired_NeedsLock(SessionRecord* session, ActiveRule rule, long nowMs)
        => ((session->Flags & (SessionFlags.OnDisk | SessionFlags.Unsettled)) == SessionFlags.OnDisk && nowMs >= session->LastAccessMs + rule.MemoryTtlMs)
           || IsDead_NeedsLock(session, rule, nowMs);

    /// <summary>Past its deadline: it is gone from everywhere.</summary>
    public static bool IsDead_NeedsLock(SessionRecord* session, ActiveRule rule, long nowMs)
        => nowMs >= rule.DeadlineOf(session->Flags.Has(SessionFlags.ExplicitDeadline), session->DeadlineMs, session->LastAccessMs);

    /// <summary>Counts a read that memory has answered, for its rule too, and as an access.</summary>
    public void Hit_NeedsLock(SessionRecord* session, ActiveRule rule, long nowMs, long bytes)
    {
        Hits++;
        var tallies = _tallies;
        var tally = rule.Id < tallies.Length ? tallies[rule.Id] : null;
        (tally ?? NewTally_NeedsLock(rule.Id)).Add_NeedsLock(bytes, nowMs - session->LastAccessMs);
        Access_NeedsLock(session, rule, nowMs);
    }

    /// <summary>What was read of a rule's sessions here; null for nothing.</summary>
    public AccessTally? TallyOf(int rule) => _tallies is var tallies && rule < tallies.Length ? tallies[rule] : null;

    private AccessTally NewTally_NeedsLock(int rule)
    {
        var tallies = _tallies;
        if (rule >= tallies.Length) Array.Resize(ref tallies, rule + 1);
        var tally = tallies[rule] ??= new AccessTally();
        _tallies = tallies;
        return tally;
    }

    /// <summary>Counts an access: the sliding times move on, and the disk is told in time.</summary>
    public void Access_NeedsLock(SessionRecord* session, ActiveRule rule, long nowMs)
    {
        if (nowMs > session->LastAccessMs) session->LastAccessMs = nowMs;
        session->Accesses++;
        _touched[_touchedCount++] = session->Slot;
        if (_touchedCount == TouchBatch)
        {
            queue.TryTouch(_touched, wait: false);
            _touchedCount = 0;
        }

        if (nowMs - session->ToldMs >= rule.TellEveryMs && !session->Flags.Has(SessionFlags.Telling)
            && (session->Flags.Has(SessionFlags.OnDisk) || rule.IsShared))
        {
            session->Flags |= SessionFlags.Telling;
            _telling.Add(session->Slot);
        }
    }

    /// <summary>Hands the accesses seen so far to the eviction policy, before it has to choose.</summary>
    public void FlushTouches()
    {
        lock (Gate)
        {
            if (_touchedCount > 0) queue.TryTouch(_touched.AsSpan(0, _touchedCount), wait: true);
            _touchedCount = 0;
        }
    }

    /// <summary>Takes the slots whose last access the disk should hear of.</summary>
    public int[] TakeTelling_NeedsLock()
    {
        if (_telling.Count == 0) return [];
        var slots = _telling.ToArray();
        _telling.Clear();
        return slots;
    }

    private void Fill_NeedsLock(ItemRecord* item, long nowMs, Span<byte> destination, ref MemoryHit hit)
    {
        hit.Version = item->Version;
        hit.ContentType = ContentTypeOf_NeedsLock(item);
        hit.AgeSeconds = Math.Max(0, nowMs - item->Version.Milliseconds) / 1000;
        hit.Large = ShareLarge_NeedsLock(item);
        hit.Length = hit.Large?.Length ?? item->ValueLength;
        if (hit.Large is null) ItemRecord.Value(item).CopyTo(destination);
    }
}
