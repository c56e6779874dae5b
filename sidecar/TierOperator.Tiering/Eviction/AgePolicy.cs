namespace TierOperator.Tiering.Eviction;

/// <summary>
/// Oldest creation first, whatever its use; among equals the one added first. A binary heap with each slot's place in
/// it, since sessions loaded from below arrive in any order of creation.
/// </summary>
internal sealed class AgePolicy : IEvictionPolicy
{
    private const int Absent = -1;

    private struct Entry
    {
        public long CreatedMs;
        public long Arrival;
        public int Place;
    }

    private readonly SlotArray<Entry> _entries = new(new Entry { Place = Absent });
    private readonly SlotArray<int> _heap = new(0);
    private long _arrivals;

    public int Count { get; private set; }

    public long OverheadBytes => _entries.Bytes + _heap.Bytes;

    public void Add(int slot, ulong keyHash, long createdMs)
    {
        _entries.Reach(slot);
        _heap.Reach(Count);
        EvictionPolicies.ThrowIfHeld(_entries[slot].Place != Absent, slot);
        _entries[slot] = new Entry { CreatedMs = createdMs, Arrival = _arrivals++, Place = Count };
        Rise(slot, Count++);
    }

    public void Touch(int slot)
    {
    }

    public void Miss(ulong keyHash)
    {
    }

    public void Remove(int slot)
    {
        if (slot >= _entries.Length || _entries[slot].Place == Absent) return;
        var hole = _entries[slot].Place;
        _entries[slot].Place = Absent;
        var last = _heap[--Count];
        if (last == slot) return;
        Sink(last, hole);
        Rise(last, _entries[last].Place);
    }

    public bool TryEvict(out int slot)
    {
        slot = Count == 0 ? SlotLinks.End : _heap[0];
        if (Count == 0) return false;
        Remove(slot);
        return true;
    }

    private void Rise(int slot, int place)
    {
        while (place > 0)
        {
            var parent = (place - 1) / 2;
            if (!IsOlder(slot, _heap[parent])) break;
            Put(_heap[parent], place);
            place = parent;
        }

        Put(slot, place);
    }

    private void Sink(int slot, int place)
    {
        for (int child; (child = (2 * place) + 1) < Count; place = child)
        {
            if (child + 1 < Count && IsOlder(_heap[child + 1], _heap[child])) child++;
            if (!IsOlder(_heap[child], slot)) break;
            Put(_heap[child], place);
        }

        Put(slot, place);
    }

    private void Put(int slot, int place)
    {
        _heap[place] = slot;
        _entries[slot].Place = place;
    }

    private bool IsOlder(int left, int right)
    {
        ref var a = ref _entries[left];
        ref var b = ref _entries[right];
        return a.CreatedMs != b.CreatedMs ? a.CreatedMs < b.CreatedMs : a.Arrival < b.Arrival;
    }
}
