namespace TierOperator.Tiering.Eviction;

/// <summary>A slot's neighbours in the queue that holds it.</summary>
internal struct SlotLinks
{
    /// <summary>No neighbour on this side.</summary>
    public const int End = -1;

    /// <summary>In no queue.</summary>
    public const int Absent = -2;

    /// <summary>Towards the head, where the newest stands.</summary>
    public int Newer;

    /// <summary>Towards the tail, where the next victim stands.</summary>
    public int Older;

    public static SlotLinks Blank => new() { Newer = Absent, Older = Absent };
}

/// <summary>
/// A doubly linked queue of slots in a table that several queues may share: a slot is in one of them at a time.
/// </summary>
internal struct SlotQueue(SlotArray<SlotLinks> links)
{
    private int _newest = SlotLinks.End;
    private int _oldest = SlotLinks.End;

    public int Count { get; private set; }

    /// <summary>The slot at the tail; <see cref="SlotLinks.End"/> when empty.</summary>
    public readonly int Oldest => _oldest;

    /// <summary>Puts a slot that is in no queue at the head.</summary>
    public void PushNewest(int slot)
    {
        ref var own = ref links[slot];
        own.Newer = SlotLinks.End;
        own.Older = _newest;
        if (_newest == SlotLinks.End) _oldest = slot;
        else links[_newest].Newer = slot;
        _newest = slot;
        Count++;
    }

    /// <summary>Takes out a slot that is in this queue.</summary>
    public void Remove(int slot)
    {
        ref var own = ref links[slot];
        if (own.Newer == SlotLinks.End) _newest = own.Older;
        else links[own.Newer].Older = own.Older;
        if (own.Older == SlotLinks.End) _oldest = own.Newer;
        else links[own.Older].Newer = own.Newer;
        own = SlotLinks.Blank;
        Count--;
    }

    public void MoveToNewest(int slot)
    {
        if (slot == _newest) return;
        Remove(slot);
        PushNewest(slot);
    }
}
