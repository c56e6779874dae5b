namespace TierOperator.Tiering.Tests.Eviction;

/// <summary>An owner of slots: hands them out, takes them back, and knows which key stands in which.</summary>
internal sealed class SlotWorld
{
    private readonly Random _random;
    private readonly List<int> _free;
    private readonly List<int> _held = [];
    private readonly Dictionary<int, ulong> _keyOf = [];
    private readonly List<ulong> _absent = [];
    private readonly List<ulong> _keys = [];

    public SlotWorld(Random random, int slots, int keys)
    {
        _random = random;
        _free = [.. Enumerable.Range(0, slots)];
        for (var i = 0; i < keys; i++) _keys.Add((ulong)random.NextInt64(1, long.MaxValue));
        _absent.AddRange(_keys);
    }

    public int Held => _held.Count;

    public ulong AnyKey() => _keys[_random.Next(_keys.Count)];

    public bool TryTake(out int slot, out ulong key)
    {
        (slot, key) = (0, 0);
        if (_free.Count == 0) return false;
        slot = TakeAny(_free);
        key = TakeAny(_absent);
        _held.Add(slot);
        _keyOf[slot] = key;
        return true;
    }

    public bool TryPick(out int slot)
    {
        slot = _held.Count == 0 ? 0 : _held[_random.Next(_held.Count)];
        return _held.Count > 0;
    }

    public void Free(int slot)
    {
        Assert.True(_held.Remove(slot), $"Slot {slot} was not held.");
        _free.Add(slot);
        _absent.Add(_keyOf[slot]);
    }

    private T TakeAny<T>(List<T> from)
    {
        var at = _random.Next(from.Count);
        var taken = from[at];
        from[at] = from[^1];
        from.RemoveAt(from.Count - 1);
        return taken;
    }
}
