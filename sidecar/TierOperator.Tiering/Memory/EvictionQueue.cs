using TierOperator.Tiering.Eviction;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// The eviction policy behind its one lock, with what makes slots safe to reuse: a victim is named together with its
/// generation, and a slot that was freed meanwhile has moved on to the next one.
/// </summary>
/// <remarks>
/// A slot's state is its generation, and in the lowest bit whether the policy has it, in one table: a touch looks up one
/// place. Lock order: a shard's lock, then this one. Whoever takes a victim here lets go before it locks the shard.
/// </remarks>
internal sealed class EvictionQueue(IEvictionPolicy policy, MemoryBudget budget)
{
    private const uint Member = 1;
    private const uint NextGeneration = 2;

    private readonly Lock _lock = new();
    private readonly SlotArray<uint> _states = new(0);
    private IEvictionPolicy _policy = policy;
    private int _held;

    public long OverheadBytes => _policy.OverheadBytes + _states.Bytes;

    /// <summary>How many slots hold a session.</summary>
    public int HeldCount => Volatile.Read(ref _held);

    public void Add(int slot, ulong keyHash, long createdMs)
    {
        lock (_lock)
        {
            _states.Reach(slot);
            _states[slot] |= Member;
            _held++;
            _policy.Add(slot, keyHash, createdMs);
            budget.SetOverhead(OverheadBytes);
        }
    }

    /// <summary>The session left: its slot may be handed out again.</summary>
    public void Free(int slot)
    {
        lock (_lock)
        {
            if (IsMember(slot)) _policy.Remove(slot);
            _states[slot] = (_states[slot] & ~Member) + NextGeneration;
            _held--;
        }
    }

    /// <summary>Puts back a victim that cannot be evicted just now, unless it has left meanwhile.</summary>
    public void PutBack(int slot, uint generation, ulong keyHash, long createdMs)
    {
        lock (_lock)
        {
            if (_states[slot] != generation) return;
            _states[slot] |= Member;
            _policy.Add(slot, keyHash, createdMs);
            budget.SetOverhead(OverheadBytes);
        }
    }

    public bool TryEvict(out int slot, out uint generation)
    {
        lock (_lock)
        {
            generation = 0;
            if (!_policy.TryEvict(out slot)) return false;
            generation = Leave_NeedsLock(slot);
            budget.SetOverhead(OverheadBytes);
            return true;
        }
    }

    /// <summary>True while the slot still holds the session that it held when the victim was named.</summary>
    public bool IsCurrent(int slot, uint generation)
    {
        lock (_lock) return Generation(slot) == generation;
    }

    public uint GenerationOf(int slot)
    {
        lock (_lock) return Generation(slot);
    }

    /// <summary>Takes a member out that the owner has chosen itself. False when it has left meanwhile.</summary>
    public bool TryTake(int slot, uint generation)
    {
        lock (_lock)
        {
            if (_states[slot] != (generation | Member)) return false;
            _ = Leave_NeedsLock(slot);
            _policy.Remove(slot);
            return true;
        }
    }

    /// <summary>Tells of hits in a batch. Without waiting, it may answer false: hits are hints, and a hit never waits.</summary>
    public bool TryTouch(ReadOnlySpan<int> slots, bool wait)
    {
        if (wait) _lock.Enter();
        else if (!_lock.TryEnter()) return false;
        try
        {
            foreach (var slot in slots)
                if (IsMember(slot)) _policy.Touch(slot);
            return true;
        }
        finally
        {
            _lock.Exit();
        }
    }

    public void Miss(ulong keyHash)
    {
        if (!_lock.TryEnter()) return;
        try
        {
            _policy.Miss(keyHash);
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>
    /// Another measure from a new policy document. Answers the members in the order in which they would have gone; the
    /// caller puts each back, so that no shard's lock is needed under this one.
    /// </summary>
    public IReadOnlyList<(int Slot, uint Generation)> Swap(IEvictionPolicy policy)
    {
        var members = new List<(int, uint)>();
        lock (_lock)
        {
            while (_policy.TryEvict(out var slot)) members.Add((slot, Leave_NeedsLock(slot)));
            _policy = policy;
        }

        return members;
    }

    private bool IsMember(int slot) => (_states[slot] & Member) != 0;

    private uint Generation(int slot) => _states[slot] & ~Member;

    /// <summary>The policy no longer has the slot. Answers its generation.</summary>
    private uint Leave_NeedsLock(int slot) => _states[slot] &= ~Member;
}
