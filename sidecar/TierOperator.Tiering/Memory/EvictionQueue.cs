using TierOperator.Tiering.Eviction;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// The eviction policy behind its one lock, with what makes slots safe to reuse: a victim is named together with its
/// generation, and a slot that was freed meanwhile has moved on to the next one.
/// </summary>
/// <remarks>Lock order: a shard's lock, then this one. Whoever takes a victim here lets go before it locks the shard.</remarks>
internal sealed class EvictionQueue(IEvictionPolicy policy, MemoryBudget budget)
{
    private readonly Lock _lock = new();
    private uint[] _generations = new uint[64];
    private bool[] _members = new bool[64];
    private IEvictionPolicy _policy = policy;

    public long OverheadBytes => _policy.OverheadBytes + (long)_generations.Length * 5;

    public void Add(int slot, ulong keyHash, long createdMs)
    {
        lock (_lock)
        {
            EnsureSlot_NeedsLock(slot);
            _members[slot] = true;
            _policy.Add(slot, keyHash, createdMs);
            budget.SetOverhead(OverheadBytes);
        }
    }

    /// <summary>The session left: its slot may be handed out again.</summary>
    public void Free(int slot)
    {
        lock (_lock)
        {
            if (_members[slot]) _policy.Remove(slot);
            _members[slot] = false;
            _generations[slot]++;
        }
    }

    /// <summary>Puts back a victim that cannot be evicted just now, unless it has left meanwhile.</summary>
    public void PutBack(int slot, uint generation, ulong keyHash, long createdMs)
    {
        lock (_lock)
        {
            if (_generations[slot] != generation || _members[slot]) return;
            _members[slot] = true;
            _policy.Add(slot, keyHash, createdMs);
        }
    }

    public bool TryEvict(out int slot, out uint generation)
    {
        lock (_lock)
        {
            generation = 0;
            if (!_policy.TryEvict(out slot)) return false;
            _members[slot] = false;
            generation = _generations[slot];
            budget.SetOverhead(OverheadBytes);
            return true;
        }
    }

    /// <summary>True while the slot still holds the session that it held when the victim was named.</summary>
    public bool IsCurrent(int slot, uint generation)
    {
        lock (_lock) return _generations[slot] == generation;
    }

    public uint GenerationOf(int slot)
    {
        lock (_lock) return _generations[slot];
    }

    /// <summary>Takes a member out that the owner has chosen itself. False when it has left meanwhile.</summary>
    public bool TryTake(int slot, uint generation)
    {
        lock (_lock)
        {
            if (_generations[slot] != generation || !_members[slot]) return false;
            _members[slot] = false;
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
                if (_members[slot]) _policy.Touch(slot);
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
            while (_policy.TryEvict(out var slot))
            {
                _members[slot] = false;
                members.Add((slot, _generations[slot]));
            }

            _policy = policy;
        }

        return members;
    }

    private void EnsureSlot_NeedsLock(int slot)
    {
        if (slot < _generations.Length) return;
        var length = Math.Max(slot + 1, _generations.Length * 2);
        Array.Resize(ref _generations, length);
        Array.Resize(ref _members, length);
    }
}
