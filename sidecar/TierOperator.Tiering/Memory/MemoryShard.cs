using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// One of the independent parts of memory: the sessions whose hash falls here, under one lock.
/// </summary>
/// <remarks>
/// Two chained hash tables over native records: sessions by key, items by (session, item). A session's items form a
/// list as well, so that whole-session work needs no look-up. A slot holds its session, or, with the lowest bit set, the
/// next free slot. Methods that end in _NeedsLock want <see cref="Gate"/>
/// held. No method does I/O or takes bytes from the budget: the caller has reserved what it adds.
/// </remarks>
internal sealed unsafe partial class MemoryShard(
    int index, ulong seed, ContentTypes types, EvictionQueue queue, NativeAccount tables) : IDisposable
{
    private const int NoSlot = -1;

    private readonly RecordTable _sessions = new(tables);
    private readonly RecordTable _items = new(tables);
    private readonly NativeTable<nint> _slots = new(tables, 0);
    private int _freeSlot = NoSlot;
    private readonly Dictionary<int, string> _subjects = [];
    private LargeValue?[] _large = new LargeValue?[4];
    private readonly Stack<int> _freeLarge = new();
    private int _usedSlots, _usedLarge;

    public Lock Gate { get; } = new();

    /// <summary>Its place among the shards: the order in which several are locked.</summary>
    public int Index => index;

    /// <summary>Sessions with slow work in progress (loads, changes on disk): others wait for their gate.</summary>
    public Dictionary<ulong, SessionGate> Gates { get; } = [];

    public int SessionCount => _sessions.Count;
    public int ItemCount => _items.Count;

    public SessionRecord* FindSession_NeedsLock(ReadOnlySpan<byte> key, ulong hash)
    {
        for (var link = _sessions.First(hash); link != null; link = link->Next)
            if (link->Hash == hash && SessionRecord.Key((SessionRecord*)link).SequenceEqual(key)) return (SessionRecord*)link;
        return null;
    }

    public ItemRecord* FindItem_NeedsLock(SessionRecord* session, ReadOnlySpan<byte> key)
    {
        var hash = KeyHash.Compute(key, session->Hash ^ seed);
        for (var link = _items.First(hash); link != null; link = link->Next)
        {
            var item = (ItemRecord*)link;
            if (link->Hash == hash && item->Session == session && ItemRecord.Key(item).SequenceEqual(key)) return item;
        }

        return null;
    }

    /// <summary>
    /// Finds an item without looking its session up first: one walk through memory less on the hit path. The record that is
    /// most often the session's is asked for meanwhile.
    /// </summary>
    public ItemRecord* FindItem_NeedsLock(ReadOnlySpan<byte> sessionKey, ulong sessionHash, ReadOnlySpan<byte> key)
    {
        SessionRecord.Prefetch((SessionRecord*)_sessions.First(sessionHash));
        var hash = KeyHash.Compute(key, sessionHash ^ seed);
        for (var link = _items.First(hash); link != null; link = link->Next)
        {
            if (link->Hash != hash) continue;
            var item = (ItemRecord*)link;
            ItemRecord.Prefetch(item);
            if (ItemRecord.Key(item).SequenceEqual(key) && SessionRecord.Key(item->Session).SequenceEqual(sessionKey)) return item;
        }

        return null;
    }

    public SessionRecord* SessionAt_NeedsLock(int slot)
    {
        var place = slot / MemoryTier.ShardCount;
        return place < _usedSlots ? SessionInPlace_NeedsLock(place) : null;
    }

    /// <summary>Adds an empty session. Its cost must have been taken from the budget.</summary>
    public SessionRecord* AddSession_NeedsLock(ReadOnlySpan<byte> key, ulong hash, long createdMs)
    {
        var session = (SessionRecord*)NativeHeap.Allocate(sizeof(SessionRecord) + key.Length);
        *session = new SessionRecord
        {
            Link = new RecordLink { Hash = hash },
            KeyLength = key.Length,
            CreatedMs = createdMs,
            CostBytes = SessionRecord.CostOf(key.Length),
            Slot = TakeSlot_NeedsLock((nint)session),
        };
        key.CopyTo(new Span<byte>((byte*)session + sizeof(SessionRecord), key.Length));
        _sessions.Add(&session->Link);
        queue.Add(session->Slot, hash, createdMs);
        return session;
    }

    /// <summary>Removes a session with all its items. Answers the bytes that the budget gets back.</summary>
    public long RemoveSession_NeedsLock(SessionRecord* session)
    {
        var cost = session->CostBytes;
        RemoveItems_NeedsLock(session);
        _sessions.Remove(&session->Link);
        queue.Free(session->Slot);
        FreeSlot_NeedsLock(session->Slot / MemoryTier.ShardCount);
        if (session->Flags.Has(SessionFlags.HasSubject)) _subjects.Remove(session->Slot);
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

    public SessionRecord* SessionInPlace_NeedsLock(int place) => (_slots[place] & 1) == 0 ? (SessionRecord*)_slots[place] : null;

    /// <summary>All sessions, in no order. The caller may remove the ones it is given.</summary>
    public List<nint> Sessions_NeedsLock()
    {
        var sessions = new List<nint>(SessionCount);
        for (var place = 0; place < _usedSlots; place++)
            if (SessionInPlace_NeedsLock(place) != null) sessions.Add(_slots[place]);
        return sessions;
    }

    /// <summary>Frees everything it holds in native memory. Whoever still asks finds nothing.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            for (var place = 0; place < _usedSlots; place++)
            {
                var session = SessionInPlace_NeedsLock(place);
                if (session != null) RemoveSession_NeedsLock(session);
            }

            _sessions.Dispose();
            _items.Dispose();
            _slots.Dispose();
            (_usedSlots, _freeSlot) = (0, NoSlot);
        }
    }

    private int TakeSlot_NeedsLock(nint session)
    {
        var place = _freeSlot;
        if (place == NoSlot) _slots.Reach(place = _usedSlots++);
        else _freeSlot = (int)(_slots[place] >> 1);
        _slots[place] = session;
        return (place * MemoryTier.ShardCount) + index;
    }

    private void FreeSlot_NeedsLock(int place)
    {
        _slots[place] = ((nint)_freeSlot << 1) | 1;
        _freeSlot = place;
    }
}
