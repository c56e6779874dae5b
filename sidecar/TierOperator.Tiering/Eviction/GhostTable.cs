namespace TierOperator.Tiering.Eviction;

/// <summary>
/// Remembers the last N keys that went by, without their values, as 32-bit prints with the number of their arrival.
/// </summary>
/// <remarks>
/// Buckets of eight ways at half load; a new print takes a dead way or the oldest, so membership is approximate in both
/// directions: a key is forgotten early when nine recent ones share its bucket, and taken for another when their prints
/// agree. N follows the caller from call to call; a print older than that is dead without being cleared.
/// </remarks>
internal sealed class GhostTable
{
    private const int Ways = 8;
    private const int MinimumBuckets = 32;

    private struct Print
    {
        public uint Hash;
        public uint Arrival;
    }

    private SlotArray<Print> _prints = Table(MinimumBuckets);
    private uint _buckets = MinimumBuckets;
    private uint _arrivals = 1;

    public long Bytes => _prints.Bytes;

    /// <summary>Remembers a key as the newest of at most <paramref name="capacity"/>.</summary>
    public void Add(ulong keyHash, int capacity)
    {
        if (capacity > _buckets * (Ways / 2)) Grow(capacity);
        Store(new Print { Hash = Mix(keyHash), Arrival = ++_arrivals });
    }

    /// <summary>Forgets a key; true if it was among the last <paramref name="capacity"/>.</summary>
    public bool Take(ulong keyHash, int capacity)
    {
        var hash = Mix(keyHash);
        var first = First(hash);
        for (var way = first; way < first + Ways; way++)
        {
            ref var print = ref _prints[way];
            if (print.Arrival == 0 || print.Hash != hash) continue;
            var isRecent = _arrivals - print.Arrival < (uint)capacity;
            print = default;
            return isRecent;
        }

        return false;
    }

    private void Store(Print print)
    {
        var first = First(print.Hash);
        var oldest = first;
        for (var way = first; way < first + Ways; way++)
        {
            if (_prints[way].Hash == print.Hash)
            {
                oldest = way;
                break;
            }

            if (_arrivals - _prints[way].Arrival > _arrivals - _prints[oldest].Arrival) oldest = way;
        }

        _prints[oldest] = print;
    }

    private void Grow(int capacity)
    {
        var (before, length) = (_prints, (int)_buckets * Ways);
        while (capacity > _buckets * (Ways / 2)) _buckets *= 2;
        _prints = Table((int)_buckets);
        for (var way = 0; way < length; way++)
            if (before[way].Arrival != 0) Store(before[way]);
    }

    private static SlotArray<Print> Table(int buckets)
    {
        var table = new SlotArray<Print>(default);
        table.Reach((buckets * Ways) - 1);
        return table;
    }

    private int First(uint hash) => (int)(((ulong)hash * _buckets) >> 32) * Ways;

    private static uint Mix(ulong keyHash)
    {
        var mixed = (keyHash ^ (keyHash >> 32)) * 0x9E3779B97F4A7C15;
        return (uint)(mixed >> 32);
    }
}
