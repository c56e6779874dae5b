namespace TierOperator.Tiering.Disk;

/// <summary>
/// A hash table of <see cref="IndexEntry"/> that grows one bucket at a time (linear hashing, Litwin 1980), so that it
/// never copies itself: 24 bytes an entry and 4 a bucket, as many buckets as entries.
/// </summary>
/// <remarks>Not thread-safe: its shard's lock is held for every call.</remarks>
internal sealed class EntryTable
{
    private const int ChunkBits = 9;
    private const int ChunkSize = 1 << ChunkBits;
    private const int ChunkMask = ChunkSize - 1;
    private const int FirstBuckets = 16;

    private IndexEntry[][] _entries = [];
    private int[][] _buckets = [];
    private int _allocated;
    private int _free = IndexEntry.NoLink;
    private int _bucketCount;
    private int _level = FirstBuckets;

    public EntryTable()
    {
        while (_bucketCount < FirstBuckets) AddBucket();
    }

    /// <summary>Entries in use.</summary>
    public int Count { get; private set; }

    /// <summary>One past the highest entry ever used; walks end here.</summary>
    public int Limit => _allocated;

    public long Bytes => ((long)_entries.Length * ((ChunkSize * 24) + 32)) + ((long)_buckets.Length * ((ChunkSize * 4) + 32));

    public bool IsFull => _free == IndexEntry.NoLink && _allocated == IndexEntry.NoLink;

    public ref IndexEntry this[int index] => ref _entries[index >> ChunkBits][index & ChunkMask];

    /// <summary>True when the entry is in the table, not on the list of free ones.</summary>
    public bool IsUsed(int index) => this[index].Ring != IndexEntry.NoLink;

    public int First(uint hash) => Bucket(BucketOf(hash));

    /// <summary>Puts a new entry in front of its chain. Its ring leads to itself.</summary>
    public int Add(uint hash, EntryKind kind, Location location)
    {
        var index = Allocate();
        if (++Count > _bucketCount) Split();
        ref var entry = ref this[index];
        ref var bucket = ref Bucket(BucketOf(hash));
        entry = new IndexEntry { Hash = hash, Next = bucket, Kind = kind, Location = location, Ring = index };
        bucket = index;
        return index;
    }

    /// <summary>Takes an entry out of its chain. What its ring led to is the caller's business.</summary>
    public void Remove(int index)
    {
        ref var entry = ref this[index];
        ref var bucket = ref Bucket(BucketOf(entry.Hash));
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

    private int Allocate()
    {
        if (_free != IndexEntry.NoLink)
        {
            var reused = _free;
            _free = this[reused].Next;
            return reused;
        }

        if (_allocated == IndexEntry.NoLink) throw new InvalidOperationException("An index shard holds no more than 67 million entries.");
        if (_allocated >> ChunkBits == _entries.Length) _entries = [.. _entries, new IndexEntry[ChunkSize]];
        return _allocated++;
    }

    private void Split()
    {
        var source = _bucketCount - _level;
        AddBucket();
        ref var from = ref Bucket(source);
        ref var to = ref Bucket(_bucketCount - 1);
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

    private void AddBucket()
    {
        if (_bucketCount >> ChunkBits == _buckets.Length) _buckets = [.. _buckets, new int[ChunkSize]];
        _bucketCount++;
        Bucket(_bucketCount - 1) = IndexEntry.NoLink;
    }

    private int BucketOf(uint hash)
    {
        var bucket = (int)(hash & (uint)((2 * _level) - 1));
        return bucket < _bucketCount ? bucket : bucket & (_level - 1);
    }

    private ref int Bucket(int bucket) => ref _buckets[bucket >> ChunkBits][bucket & ChunkMask];
}
