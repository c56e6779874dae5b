using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// A hash table of <see cref="IndexEntry"/> that grows one bucket at a time (linear hashing, Litwin 1980), so that it
/// never copies itself: 24 bytes an entry and 4 a bucket, as many buckets as entries.
/// </summary>
/// <remarks>
/// Not thread-safe: its shard's lock is held for every call. In native memory beside the sessions, because the one grows
/// at the other's expense: what sessions give up must serve the index, not lie beside it.
/// </remarks>
internal sealed class EntryTable : IDisposable
{
    private const int FirstBuckets = 16;

    private readonly NativeTable<IndexEntry> _entries;
    private readonly NativeTable<int> _buckets;
    private int _allocated;
    private int _free = IndexEntry.NoLink;
    private int _bucketCount;
    private int _level = FirstBuckets;

    /// <summary>Takes its first room at once: a small memory must not find it gone when sixteen shards get their first session.</summary>
    public EntryTable(NativeAccount account)
    {
        _entries = new NativeTable<IndexEntry>(account, default);
        _buckets = new NativeTable<int>(account, IndexEntry.NoLink);
        _entries.Reach(0);
        Begin();
    }

    /// <summary>Entries in use.</summary>
    public int Count { get; private set; }

    /// <summary>One past the highest entry ever used; walks end here.</summary>
    public int Limit => _allocated;

    public bool IsFull => _free == IndexEntry.NoLink && _allocated == IndexEntry.NoLink;

    public ref IndexEntry this[int index] => ref _entries[index];

    /// <summary>True when the entry is in the table, not on the list of free ones.</summary>
    public bool IsUsed(int index) => this[index].Ring != IndexEntry.NoLink;

    public int First(uint hash) => _bucketCount == 0 ? IndexEntry.NoLink : _buckets[BucketOf(hash)];

    /// <summary>Puts a new entry in front of its chain. Its ring leads to itself.</summary>
    public int Add(uint hash, EntryKind kind, Location location)
    {
        var index = Allocate();
        if (_bucketCount == 0) Begin();
        if (++Count > _bucketCount) Split();
        ref var entry = ref this[index];
        ref var bucket = ref _buckets[BucketOf(hash)];
        entry = new IndexEntry { Hash = hash, Next = bucket, Kind = kind, Location = location, Ring = index };
        bucket = index;
        return index;
    }

    /// <summary>Takes an entry out of its chain. What its ring led to is the caller's business.</summary>
    public void Remove(int index)
    {
        ref var entry = ref this[index];
        ref var bucket = ref _buckets[BucketOf(entry.Hash)];
        if (bucket == index) bucket = entry.Next;
        else
        {
            var before = bucket;
            while (this[before].Next != index) before = this[before].Next;
            this[before].Next = entry.Next;
        }

        entry = new IndexEntry { Next = _free, Ring = IndexEntry.NoLink };
        _free = index;
        Count--;
    }

    /// <summary>Empties it and gives its memory back: whoever still looks finds nothing.</summary>
    public void Dispose()
    {
        _entries.Dispose();
        _buckets.Dispose();
        (Count, _allocated, _free, _bucketCount, _level) = (0, 0, IndexEntry.NoLink, 0, FirstBuckets);
    }

    private void Begin()
    {
        _buckets.Reach(FirstBuckets - 1);
        _bucketCount = FirstBuckets;
    }

    private int Allocate()
    {
        if (_free != IndexEntry.NoLink)
        {
            var reused = _free;
            _free = this[reused].Next;
            return reused;
        }

        if (_allocated == IndexEntry.NoLink) throw new InvalidOperationException("An index shard holds no more than 67 million entries.");
        _entries.Reach(_allocated);
        return _allocated++;
    }

    private void Split()
    {
        var source = _bucketCount - _level;
        _buckets.Reach(_bucketCount++);
        ref var from = ref _buckets[source];
        ref var to = ref _buckets[_bucketCount - 1];
        var index = from;
        from = IndexEntry.NoLink;
        if (_bucketCount == 2 * _level) _level *= 2;
        while (index != IndexEntry.NoLink)
        {
            ref var entry = ref this[index];
            var next = entry.Next;
            ref var target = ref (BucketOf(entry.Hash) == source ? ref from : ref to);
            entry.Next = target;
            target = index;
            index = next;
        }
    }

    private int BucketOf(uint hash)
    {
        var bucket = (int)(hash & (uint)((2 * _level) - 1));
        return bucket < _bucketCount ? bucket : bucket & (_level - 1);
    }
}
