using System.Runtime.CompilerServices;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// One of the independent parts of memory: the sessions whose hash falls here, under one lock.
/// </summary>
/// <remarks>
/// Two chained hash tables over native records: sessions by key, items by (session, item). A session's items form a
/// list as well, so that whole-session work needs no look-up. Methods that end in _NeedsLock want <see cref="Gate"/>
/// held. No method does I/O or takes bytes from the budget: the caller has reserved what it adds.
/// </remarks>
internal sealed unsafe partial class MemoryShard(int index, int shardCount, ulong seed, ContentTypes types, EvictionQueue queue)
{
    private nint[] _sessionBuckets = new nint[16];
    private nint[] _itemBuckets = new nint[16];
    private nint[] _slots = new nint[16];
    private readonly Stack<int> _freeSlots = new();
    private readonly Dictionary<int, string> _subjects = [];
    private LargeValue?[] _large = new LargeValue?[4];
    private readonly Stack<int> _freeLarge = new();
    private int _usedSlots, _usedLarge;

    public Lock Gate { get; } = new();

    /// <summary>Its place among the shards: the order in which several are locked.</summary>
    public int Index => index;

    /// <summary>Sessions with slow work in progress (loads, changes on disk): others wait for their gate.</summary>
    public Dictionary<ulong, SessionGate> Gates { get; } = [];

    public int SessionCount { get; private set; }
    public int ItemCount { get; private set; }

    public SessionRecord* FindSession_NeedsLock(ReadOnlySpan<byte> key, ulong hash)
    {
        var session = (SessionRecord*)_sessionBuckets[BucketOf(hash, _sessionBuckets.Length)];
        while (session != null)
        {
            if (session->Hash == hash && SessionRecord.Key(session).SequenceEqual(key)) return session;
            session = session->Next;
        }

        return null;
    }

    public ItemRecord* FindItem_NeedsLock(SessionRecord* session, ReadOnlySpan<byte> key)
    {
        var hash = KeyHash.Compute(key, session->Hash ^ seed);
        var item = (ItemRecord*)_itemBuckets[BucketOf(hash, _itemBuckets.Length)];
        while (item != null)
        {
            if (item->Hash == (uint)hash && item->Session == session && ItemRecord.Key(item).SequenceEqual(key)) return item;
            item = item->Next;
        }

        return null;
    }

    /// <summary>Finds an item without looking its session up first: one walk through memory less on the hit path.</summary>
    public ItemRecord* FindItem_NeedsLock(ReadOnlySpan<byte> sessionKey, ulong sessionHash, ReadOnlySpan<byte> key)
    {
        var hash = KeyHash.Compute(key, sessionHash ^ seed);
        var item = (ItemRecord*)_itemBuckets[BucketOf(hash, _itemBuckets.Length)];
        while (item != null)
        {
            if (item->Hash != (uint)hash)
            {
                item = item->Next;
                continue;
            }

            ItemRecord.Prefetch(item);
            if (ItemRecord.Key(item).SequenceEqual(key)
                && item->Session->Hash == sessionHash && SessionRecord.Key(item->Session).SequenceEqual(sessionKey)) return item;
            item = item->Next;
        }

        return null;
    }

    public SessionRecord* SessionAt_NeedsLock(int slot)
    {
        var local = slot / shardCount;
        return local < _usedSlots ? (SessionRecord*)_slots[local] : null;
    }

    /// <summary>Adds an empty session. Its cost must have been taken from the budget.</summary>
    public SessionRecord* AddSession_NeedsLock(ReadOnlySpan<byte> key, ulong hash, long createdMs)
    {
        if (SessionCount == _sessionBuckets.Length) GrowSessions_NeedsLock();
        var session = (SessionRecord*)NativeHeap.Allocate(sizeof(SessionRecord) + key.Length);
        *session = new SessionRecord
        {
            Hash = hash,
            KeyLength = key.Length,
            CreatedMs = createdMs,
            CostBytes = SessionRecord.CostOf(key.Length),
            Slot = TakeSlot_NeedsLock((nint)session),
        };
        key.CopyTo(new Span<byte>((byte*)session + sizeof(SessionRecord), key.Length));
        ref var bucket = ref _sessionBuckets[BucketOf(hash, _sessionBuckets.Length)];
        session->Next = (SessionRecord*)bucket;
        bucket = (nint)session;
        SessionCount++;
        queue.Add(session->Slot, hash, createdMs);
        return session;
    }

    /// <summary>Removes a session with all its items. Answers the bytes that the budget gets back.</summary>
    public long RemoveSession_NeedsLock(SessionRecord* session)
    {
        var cost = session->CostBytes;
        RemoveItems_NeedsLock(session);
        Unlink_NeedsLock(session);
        queue.Free(session->Slot);
        _slots[session->Slot / shardCount] = 0;
        _freeSlots.Push(session->Slot / shardCount);
        if (session->Flags.Has(SessionFlags.HasSubject)) _subjects.Remove(session->Slot);
        SessionCount--;
        NativeHeap.Free(session);
        return cost;
    }

    /// <summary>Removes all items of a session, which stays. Answers the bytes that they cost.</summary>
    public long RemoveItems_NeedsLock(SessionRecord* session)
    {
        long cost = 0;
        while (session->Items != null) cost += RemoveItem_NeedsLock(session, session->Items);
        return cost;
    }

    public string? SubjectOf_NeedsLock(SessionRecord* session)
        => session->Flags.Has(SessionFlags.HasSubject) ? _subjects[session->Slot] : null;

    public void SetSubject_NeedsLock(SessionRecord* session, string? subject)
    {
        if (subject is null) return;
        session->Flags |= SessionFlags.HasSubject;
        _subjects[session->Slot] = subject;
    }

    /// <summary>How many places <see cref="SessionInPlace_NeedsLock"/> knows; a place is empty or holds a session.</summary>
    public int PlaceCount => _usedSlots;

    public SessionRecord* SessionInPlace_NeedsLock(int place) => (SessionRecord*)_slots[place];

    /// <summary>All sessions, in no order. The caller may remove the ones it is given.</summary>
    public List<nint> Sessions_NeedsLock()
    {
        var sessions = new List<nint>(SessionCount);
        for (var i = 0; i < _usedSlots; i++)
            if (_slots[i] != 0) sessions.Add(_slots[i]);
        return sessions;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int BucketOf(ulong hash, int buckets) => (int)(hash >> 32) & (buckets - 1);

    private int TakeSlot_NeedsLock(nint session)
    {
        if (!_freeSlots.TryPop(out var local))
        {
            local = _usedSlots++;
            if (local == _slots.Length) Array.Resize(ref _slots, _slots.Length * 2);
        }

        _slots[local] = session;
        return local * shardCount + index;
    }

    private void Unlink_NeedsLock(SessionRecord* session)
    {
        ref var bucket = ref _sessionBuckets[BucketOf(session->Hash, _sessionBuckets.Length)];
        if ((SessionRecord*)bucket == session)
        {
            bucket = (nint)session->Next;
            return;
        }

        var before = (SessionRecord*)bucket;
        while (before->Next != session) before = before->Next;
        before->Next = session->Next;
    }

    private void GrowSessions_NeedsLock()
    {
        var grown = new nint[_sessionBuckets.Length * 2];
        foreach (var head in _sessionBuckets)
        {
            for (var session = (SessionRecord*)head; session != null;)
            {
                var next = session->Next;
                ref var bucket = ref grown[BucketOf(session->Hash, grown.Length)];
                session->Next = (SessionRecord*)bucket;
                bucket = (nint)session;
                session = next;
            }
        }

        _sessionBuckets = grown;
    }
}
