namespace TierOperator.Tiering.Eviction;

/// <summary>
/// Chooses which session memory gives up next. Sessions are small integers (slots) that the owner hands out and reuses.
/// </summary>
/// <remarks>
/// Not thread-safe: the owner calls it under one lock, in batches, never on the hit path itself. No method allocates in
/// steady state. A slot is added once and removed once.
/// </remarks>
public interface IEvictionPolicy
{
    /// <summary>How many slots it holds.</summary>
    int Count { get; }

    /// <summary>Bytes of its own tables, shadow caches and ghosts included: they count against the memory capacity.</summary>
    long OverheadBytes { get; }

    /// <summary>A session came into memory. <paramref name="keyHash"/> lets ghost lists know it again.</summary>
    void Add(int slot, ulong keyHash, long createdMs);

    /// <summary>A session in memory was read or written again. Nothing happens if the slot is not held (any more).</summary>
    void Touch(int slot);

    /// <summary>
    /// A key was asked for that is not in memory (shadow caches learn from it). When <see cref="Add"/> follows soon, both
    /// are one access. Reads that a lower tier answers without a load belong here too.
    /// </summary>
    void Miss(ulong keyHash);

    /// <summary>
    /// A session left memory for a reason of the owner's own (deleted, expired, moved). Nothing happens if it is not held.
    /// </summary>
    void Remove(int slot);

    /// <summary>
    /// Names the next victim and removes it. False when empty. The owner must take the victim out, or <see cref="Add"/>
    /// it again when it cannot be evicted just now: after the round of evictions, since the same slot may be the next
    /// victim at once.
    /// </summary>
    bool TryEvict(out int slot);
}
