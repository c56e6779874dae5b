namespace TierOperator.Tiering.Eviction;

/// <summary>
/// A cache of keys without values, which shows what a policy would have done with the requests that it is shown. Of a
/// fixed greatest size; nothing is allocated after the start.
/// </summary>
internal sealed class ShadowCache
{
    private const int Empty = -1;

    private readonly IEvictionPolicy _policy;
    private readonly uint[] _printOf;
    private readonly int[] _free;
    private readonly int[] _table;  // open addressing: slot or Empty; a quarter full at most
    private readonly int _mask;

    public ShadowCache(IEvictionPolicy policy, int maxEntries)
    {
        _policy = policy;
        _printOf = new uint[maxEntries];
        _free = new int[maxEntries];
        for (var i = 0; i < maxEntries; i++) _free[i] = maxEntries - 1 - i;
        _table = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)maxEntries) * 4];
        _mask = _table.Length - 1;
        Array.Fill(_table, Empty);
    }

    public int Count => _policy.Count;

    public long Bytes => _policy.OverheadBytes + ((_printOf.Length + _free.Length + _table.Length) * (long)sizeof(int));

    /// <summary>One request: true for a hit; a miss is loaded, and as many leave as do not fit.</summary>
    public bool Access(uint print, int capacity)
    {
        var at = Find(print);
        if (_table[at] != Empty)
        {
            _policy.Touch(_table[at]);
            return true;
        }

        Shrink(capacity - 1);
        var slot = _free[_policy.Count];
        _printOf[slot] = print;
        _table[Find(print)] = slot;
        _policy.Add(slot, print, 0);
        return false;
    }

    /// <summary>Forgets every key that has one of these bits set: the sample became thinner.</summary>
    public void Thin(uint sampleMask)
    {
        for (var at = 0; at < _table.Length; at++)
        {
            while (_table[at] != Empty && (_printOf[_table[at]] & sampleMask) != 0)
            {
                var slot = _table[at];
                _policy.Remove(slot);
                Release(slot, at);
            }
        }
    }

    private void Shrink(int capacity)
    {
        while (_policy.Count > capacity && _policy.TryEvict(out var victim)) Release(victim, Find(_printOf[victim]));
    }

    private void Release(int slot, int at)
    {
        _free[_policy.Count] = slot;
        Unlink(at);
    }

    private int Find(uint print)
    {
        var at = (int)(print * 0x9E3779B1) & _mask;
        while (_table[at] != Empty && _printOf[_table[at]] != print) at = (at + 1) & _mask;
        return at;
    }

    /// <summary>Empties a place and moves back those behind it that only stood there because it was taken.</summary>
    private void Unlink(int hole)
    {
        _table[hole] = Empty;
        for (var at = (hole + 1) & _mask; _table[at] != Empty; at = (at + 1) & _mask)
        {
            var slot = _table[at];
            _table[at] = Empty;
            _table[Find(_printOf[slot])] = slot;
        }
    }
}
