using TierOperator.Tiering.Eviction;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// The memory tier: independent shards over native memory, one budget, one eviction queue.
/// </summary>
/// <remarks>
/// Invariants: accounted bytes never pass the capacity; a session is here whole or not at all (items that their own rule
/// keeps out of memory aside); a hit takes one shard's lock and allocates nothing. Lock order: shard, then queue.
/// </remarks>
internal sealed class MemoryTier : IDisposable
{
    public const int ShardCount = 64;

    private readonly MemoryShard[] _shards = new MemoryShard[ShardCount];
    private readonly ulong _seed;

    public MemoryTier(long capacityBytes, IEvictionPolicy policy, NativeAccount? index)
    {
        NativeHeap.Configure();
        Budget = new MemoryBudget(capacityBytes, index);
        Queue = new EvictionQueue(policy, Budget);
        Types = new ContentTypes();
        _seed = (ulong)Random.Shared.NextInt64();
        for (var i = 0; i < ShardCount; i++) _shards[i] = new MemoryShard(i, _seed, Types, Queue, Budget.Tables);
    }

    public MemoryBudget Budget { get; }
    public EvictionQueue Queue { get; }
    public ContentTypes Types { get; }
    public IReadOnlyList<MemoryShard> Shards => _shards;

    /// <summary>Returns when every change that had begun in a shard is over. Call it under no shard's lock.</summary>
    public void LetWritersPass()
    {
        foreach (var shard in _shards)
        {
            shard.Gate.Enter();
            shard.Gate.Exit();
        }
    }

    public long Hits => _shards.Sum(shard => Volatile.Read(ref shard.Hits));
    public long Misses => _shards.Sum(shard => Volatile.Read(ref shard.Misses));

    public int SessionCount => Queue.HeldCount;
    public int ItemCount => _shards.Sum(shard => shard.ItemCount);

    public ulong HashOf(ReadOnlySpan<byte> session) => KeyHash.Compute(session, _seed);

    public MemoryShard ShardOf(ulong hash) => _shards[hash & (ShardCount - 1)];

    public MemoryShard ShardOfSlot(int slot) => _shards[slot % ShardCount];

    /// <summary>Everything that the policy has not heard yet, before it chooses victims.</summary>
    public void FlushTouches()
    {
        foreach (var shard in _shards) shard.FlushTouches();
    }

    /// <summary>Frees all native memory. Whoever still asks finds nothing.</summary>
    public void Dispose()
    {
        foreach (var shard in _shards) shard.Dispose();
    }
}
