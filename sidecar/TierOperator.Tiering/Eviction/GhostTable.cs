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

    private struct Ghost
    {
        public uint Print;
        public uint Arrival;
    }

    private SlotArray<Ghost> _ghosts = Table(MinimumBuckets);
    private uint _buckets = MinimumBuckets;
    private uint _arrivals = 1;

    public long Bytes => _ghosts.Bytes;

    /// <summary>Remembers a key as the newest of at most <paramref name="capacity"/>.</summary>
    public void Add(uint print, int capacity)
    {
        if (capacity > _buckets * (Ways / 2)) Grow(capacity);
        Store(new Ghost { Print = print, Arrival = ++_arrivals });
    }

    /// <summary>Forgets a key; true if it was among the last <paramref name="capacity"/>.</summary>
    public bool Take(uint print, int capacity)
    {
        var first = First(print);
        for (var way = first; way < first + Ways; way++)
        {
            ref var ghost = ref _ghosts[way];
            if (ghost.Arrival == 0 || ghost.Print != print) continue;
            var isRecent = _arrivals - ghost.Arrival < (uint)capacity;
            ghost = default;
            return isRecent;
        }

        return false;
    }

    private void Store(Ghost ghost)
    {
        var first = First(ghost.Print);
        var oldest = first;
        for (var way = first; way < first + Ways; way++)
        {
            if (_ghosts[way].Print == ghost.Print)
            {
                oldest = way;
                break;
            }

            if (_arrivals - _ghosts[way].Arrival > _arrivals - _ghosts[oldest].Arrival) oldest = way;
        }

        _ghosts[oldest] = ghost;
    }

    private void Grow(int capacity)
    {
        var (before, length) = (_ghosts, (int)_buckets * Ways);
        while (capacity > _buckets * (Ways / 2)) _buckets *= 2;
        _ghosts = Table((int)_buckets);
        for (var way = 0; way < length; way++)
            if (before[way].Arrival != 0) Store(before[way]);
    }

    private static SlotArray<Ghost> Table(int buckets)
    {
        var table = new SlotArray<Ghost>(default);
        table.Reach((buckets * Ways) - 1);
        return table;
    }

    private int First(uint print) => (int)(((ulong)print * _buckets) >> 32) * Ways;
}
