namespace TierOperator.Tiering.Eviction;

/// <summary>
/// Classical least-frequently-used: counts of accesses while resident, forgotten when a slot leaves; among equals the
/// least recently used goes first.
/// </summary>
/// <remarks>
/// Buckets of equal frequency in ascending order, each a queue by recency, so that every call is O(1). Source: Shah,
/// Mitra, Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme" (2010). There is no aging on
/// purpose: it is the literature's LFU, and <see cref="AdaptivePolicy"/> is for those who want adaptation.
/// </remarks>
internal sealed class LfuPolicy : IEvictionPolicy
{
    private const int None = -1;

    private struct Bucket
    {
        public int Frequency;
        public int Rarer;
        public int Commoner;
        public SlotQueue Slots;
    }

    private readonly SlotArray<SlotLinks> _links = new(SlotLinks.Blank);
    private readonly SlotArray<int> _bucketOf = new(None);
    private readonly SlotArray<Bucket> _buckets = new(default);
    private int _bucketsMade;
    private int _freeBucket = None;
    private int _rarest = None;

    public int Count { get; private set; }

    public long OverheadBytes => _links.Bytes + _bucketOf.Bytes + _buckets.Bytes;

    public void Add(int slot, ulong keyHash, long createdMs) => AddCounted(slot, 1);

    /// <summary>Adds a slot whose accesses were counted elsewhere. Walks the buckets: for a change of policy only.</summary>
    internal void AddCounted(int slot, int frequency)
    {
        _links.Reach(slot);
        _bucketOf.Reach(slot);
        EvictionPolicies.ThrowIfHeld(_bucketOf[slot] != None, slot);
        int below = None, at = _rarest;
        while (at != None && _buckets[at].Frequency < frequency)
            (below, at) = (at, _buckets[at].Commoner);
        if (at == None || _buckets[at].Frequency != frequency) at = InsertBucket(frequency, below, at);
        Join(slot, at);
        Count++;
    }

    public void Touch(int slot)
    {
        if (!IsHeld(slot)) return;
        var from = _bucketOf[slot];
        ref var bucket = ref _buckets[from];
        if (bucket.Frequency == int.MaxValue)
        {
            bucket.Slots.MoveToNewest(slot);
            return;
        }

        var frequency = bucket.Frequency + 1;
        var to = bucket.Commoner;
        if (to == None || _buckets[to].Frequency != frequency)
        {
            if (bucket.Slots.Count == 1)
            {
                bucket.Frequency = frequency;  // alone: the bucket moves with it
                return;
            }

            to = InsertBucket(frequency, from, to);
        }

        Leave(slot, from);
        Join(slot, to);
    }

    public void Miss(ulong keyHash)
    {
    }

    public void Remove(int slot)
    {
        if (!IsHeld(slot)) return;
        Leave(slot, _bucketOf[slot]);
        Count--;
    }

    public bool TryEvict(out int slot)
    {
        slot = SlotLinks.End;
        if (_rarest == None) return false;
        slot = _buckets[_rarest].Slots.Oldest;
        Remove(slot);
        return true;
    }

    private bool IsHeld(int slot) => slot < _bucketOf.Length && _bucketOf[slot] != None;

    private void Join(int slot, int bucket)
    {
        _buckets[bucket].Slots.PushNewest(slot);
        _bucketOf[slot] = bucket;
    }

    private void Leave(int slot, int bucket)
    {
        _buckets[bucket].Slots.Remove(slot);
        _bucketOf[slot] = None;
        if (_buckets[bucket].Slots.Count == 0) DropBucket(bucket);
    }

    private int InsertBucket(int frequency, int rarer, int commoner)
    {
        var made = _freeBucket;
        if (made == None) _buckets.Reach(made = _bucketsMade++);
        else _freeBucket = _buckets[made].Commoner;
        _buckets[made] = new Bucket
        {
            Frequency = frequency, Rarer = rarer, Commoner = commoner, Slots = new SlotQueue(_links),
        };
        if (rarer == None) _rarest = made;
        else _buckets[rarer].Commoner = made;
        if (commoner != None) _buckets[commoner].Rarer = made;
        return made;
    }

    private void DropBucket(int bucket)
    {
        var (rarer, commoner) = (_buckets[bucket].Rarer, _buckets[bucket].Commoner);
        if (rarer == None) _rarest = commoner;
        else _buckets[rarer].Commoner = commoner;
        if (commoner != None) _buckets[commoner].Rarer = rarer;
        _buckets[bucket].Commoner = _freeBucket;
        _freeBucket = bucket;
    }
}
