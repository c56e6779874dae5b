namespace TierOperator.Tiering.Memory;

/// <summary>
/// Memory as a hard number: whoever wants bytes takes them here before allocating, and gets none past the capacity.
/// Thread-safe, lock-free.
/// </summary>
public sealed class MemoryBudget
{
    private readonly NativeAccount? _index;
    private long _used;
    private long _overhead;
    private long _capacity;

    /// <param name="capacityBytes">What may be used.</param>
    /// <param name="index">What the disk tier's index takes, if there is one: it is memory as well, and grows whenever a batch is durable.</param>
    internal MemoryBudget(long capacityBytes, NativeAccount? index) => (_capacity, _index) = (capacityBytes, index);

    /// <summary>Bytes taken and not given back, with memory's own tables, the eviction policy's and the disk's index.</summary>
    public long UsedBytes => Interlocked.Read(ref _used) + TableBytes + IndexBytes;

    /// <summary>What the shards' tables take.</summary>
    internal NativeAccount Tables { get; } = new();

    /// <summary>Bytes of tables that grow on their own: the shards', eviction queues, shadow caches.</summary>
    public long TableBytes => Volatile.Read(ref _overhead) + Tables.Bytes;

    public long CapacityBytes => Volatile.Read(ref _capacity);

    /// <summary>Told by the owner of the eviction policy whenever its tables may have grown.</summary>
    public void SetOverhead(long bytes) => Volatile.Write(ref _overhead, bytes);

    /// <summary>Bytes of the disk tier's index.</summary>
    public long IndexBytes => _index?.Bytes ?? 0;

    /// <summary>
    /// Kept free for the next growth of those tables, because they grow when a session has already been let in: as much as
    /// they have now and one chunk, at most a twelfth of the capacity.
    /// </summary>
    private long GrowthReserve(long tables) => Math.Min(tables + (64 << 10), CapacityBytes / 12);

    /// <summary>What callers together may hold now: nothing larger can be let in, whatever is evicted.</summary>
    public long LimitBytes
    {
        get
        {
            var tables = TableBytes;
            return CapacityBytes - tables - GrowthReserve(tables) - IndexBytes;
        }
    }

    /// <summary>Bytes that could be taken now; negative when more is taken than may be.</summary>
    public long FreeBytes => LimitBytes - Interlocked.Read(ref _used);

    /// <summary>A policy's new capacity. Lower than what is used, it makes every take fail until enough is evicted.</summary>
    public void SetCapacity(long bytes) => Volatile.Write(ref _capacity, bytes);

    public bool TryTake(long bytes)
    {
        while (true)
        {
            var used = Interlocked.Read(ref _used);
            if (used + bytes > LimitBytes) return false;
            if (Interlocked.CompareExchange(ref _used, used + bytes, used) == used) return true;
        }
    }

    /// <summary>Gives bytes back; a negative number takes bytes that a caller has proof of (a replaced value's).</summary>
    public void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
