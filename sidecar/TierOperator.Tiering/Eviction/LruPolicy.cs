namespace TierOperator.Tiering.Eviction;

/// <summary>Exact least-recently-used: one queue, a touch moves to its head, the victim is its tail.</summary>
internal sealed class LruPolicy : IEvictionPolicy
{
    private readonly SlotArray<SlotLinks> _links = new(SlotLinks.Blank);
    private SlotQueue _queue;

    public LruPolicy() => _queue = new SlotQueue(_links);

    public int Count => _queue.Count;

    public long OverheadBytes => _links.Bytes;

    public void Add(int slot, ulong keyHash, long createdMs)
    {
        _links.Reach(slot);
        EvictionPolicies.ThrowIfHeld(_links[slot].Newer != SlotLinks.Absent, slot);
        _queue.PushNewest(slot);
    }

    public void Touch(int slot)
    {
        if (IsHeld(slot)) _queue.MoveToNewest(slot);
    }

    public void Miss(ulong keyHash)
    {
    }

    public void Remove(int slot)
    {
        if (IsHeld(slot)) _queue.Remove(slot);
    }

    public bool TryEvict(out int slot)
    {
        slot = _queue.Oldest;
        if (slot == SlotLinks.End) return false;
        _queue.Remove(slot);
        return true;
    }

    private bool IsHeld(int slot) => slot < _links.Length && _links[slot].Newer != SlotLinks.Absent;
}
