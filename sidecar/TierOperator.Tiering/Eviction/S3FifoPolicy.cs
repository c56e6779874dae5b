namespace TierOperator.Tiering.Eviction;

/// <summary>
/// S3-FIFO: three plain queues. (1) A key not seen lately enters the small queue, a tenth of all. (2) At the small
/// queue's tail it moves to the main queue if it was touched more than once since, else it leaves and only its ghost
/// stays. (3) A key whose ghost is still there enters the main queue at once. (4) At the main queue's tail a touched key
/// goes round again with one touch less, an untouched one leaves.
/// </summary>
/// <remarks>
/// Source: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023. A touch is one
/// saturating counter, no link moves. The number of entries that fit is not known (bytes are the limit), so the present
/// <see cref="Count"/> stands for it: the small queue's share and the ghosts' number follow it.
/// </remarks>
internal sealed class S3FifoPolicy : IEvictionPolicy
{
    private const int SmallShare = 10;
    private const byte MaxTouches = 3;
    private const byte TouchesToMain = 2;

    private struct Entry
    {
        public uint Print;
        public byte Touches;
        public bool IsMain;
    }

    private readonly SlotArray<SlotLinks> _links = new(SlotLinks.Blank);
    private readonly SlotArray<Entry> _entries = new(default);
    private readonly GhostTable _ghosts = new();
    private SlotQueue _small;
    private SlotQueue _main;

    public S3FifoPolicy() => (_small, _main) = (new SlotQueue(_links), new SlotQueue(_links));

    public int Count => _small.Count + _main.Count;

    public long OverheadBytes => _links.Bytes + _entries.Bytes + _ghosts.Bytes;

    public void Add(int slot, ulong keyHash, long createdMs)
    {
        var print = KeyPrint.Of(keyHash);
        AddTouched(slot, print, 0, _ghosts.Take(print, GhostCapacity));
    }

    /// <summary>Adds a slot whose touches were counted elsewhere, for a change of policy.</summary>
    internal void AddTouched(int slot, uint print, int touches, bool isMain)
    {
        _links.Reach(slot);
        _entries.Reach(slot);
        EvictionPolicies.ThrowIfHeld(_links[slot].Newer != SlotLinks.Absent, slot);
        _entries[slot] = new Entry
        {
            Print = print, Touches = (byte)Math.Min(touches, MaxTouches), IsMain = isMain,
        };
        if (isMain) _main.PushNewest(slot);
        else _small.PushNewest(slot);
    }

    public void Touch(int slot)
    {
        if (slot >= _entries.Length) return;
        ref var entry = ref _entries[slot];
        if (entry.Touches < MaxTouches) entry.Touches++;
    }

    public void Miss(ulong keyHash)
    {
    }

    public void Remove(int slot)
    {
        if (slot >= _links.Length || _links[slot].Newer == SlotLinks.Absent) return;
        if (_entries[slot].IsMain) _main.Remove(slot);
        else _small.Remove(slot);
    }

    public bool TryEvict(out int slot)
    {
        slot = SlotLinks.End;
        if (Count == 0) return false;
        var smallTarget = Math.Max(1, Count / SmallShare);
        while (true)
        {
            var isSmallDue = _small.Count >= smallTarget || _main.Count == 0;
            if (isSmallDue ? TryEvictSmall(out slot) : TryEvictMain(out slot)) return true;
        }
    }

    /// <summary>Ghosts are as many as the main queue's share.</summary>
    private int GhostCapacity => Math.Max(1, Count - (Count / SmallShare));

    private bool TryEvictSmall(out int slot)
    {
        slot = _small.Oldest;
        _small.Remove(slot);
        ref var entry = ref _entries[slot];
        if (entry.Touches < TouchesToMain)
        {
            _ghosts.Add(entry.Print, GhostCapacity);
            return true;
        }

        entry.Touches = 0;
        entry.IsMain = true;
        _main.PushNewest(slot);
        return false;
    }

    private bool TryEvictMain(out int slot)
    {
        slot = _main.Oldest;
        ref var entry = ref _entries[slot];
        if (entry.Touches == 0)
        {
            _main.Remove(slot);
            return true;
        }

        entry.Touches--;
        _main.MoveToNewest(slot);
        return false;
    }
}
