using System.Runtime.CompilerServices;

namespace TierOperator.Tiering.Memory;

/// <summary>What every record in a <see cref="RecordTable"/> begins with.</summary>
internal unsafe struct RecordLink
{
    /// <summary>The next record of the same bucket.</summary>
    public RecordLink* Next;
    public ulong Hash;
}

/// <summary>
/// A hash table of native records, chained through themselves, that grows one bucket at a time (linear hashing, Litwin
/// 1980): no write ever waits until a whole table has been copied, and there are no two tables at once.
/// </summary>
/// <remarks>Not thread-safe: its shard's lock is held for every call. It takes the upper half of the hash; the lower one chose the shard.</remarks>
internal sealed unsafe class RecordTable(NativeAccount account) : IDisposable
{
    private const int FirstBuckets = 16;

    private readonly NativeTable<nint> _buckets = new(account, 0);
    private int _bucketCount;
    private int _level = FirstBuckets;

    public int Count { get; private set; }

    /// <summary>The first record of the hash's bucket; null when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RecordLink* First(ulong hash) => _bucketCount == 0 ? null : (RecordLink*)_buckets[BucketOf(hash)];

    public void Add(RecordLink* record)
    {
        if (_bucketCount == 0) Begin();
        else if (Count >= _bucketCount) Split();
        ref var bucket = ref _buckets[BucketOf(record->Hash)];
        record->Next = (RecordLink*)bucket;
        bucket = (nint)record;
        Count++;
    }

    /// <summary>Takes out a record that is in the table.</summary>
    public void Remove(RecordLink* record)
    {
        Count--;
        ref var bucket = ref _buckets[BucketOf(record->Hash)];
        if ((RecordLink*)bucket == record)
        {
            bucket = (nint)record->Next;
            return;
        }

        var before = (RecordLink*)bucket;
        while (before->Next != record) before = before->Next;
        before->Next = record->Next;
    }

    /// <summary>Gives the buckets back; the records are their owner's.</summary>
    public void Dispose()
    {
        _buckets.Dispose();
        (_bucketCount, _level, Count) = (0, FirstBuckets, 0);
    }

    private void Begin()
    {
        _buckets.Reach(FirstBuckets - 1);
        _bucketCount = FirstBuckets;
    }

    private void Split()
    {
        var source = _bucketCount - _level;
        _buckets.Reach(_bucketCount++);
        ref var from = ref _buckets[source];
        ref var to = ref _buckets[_bucketCount - 1];
        var record = (RecordLink*)from;
        (from, to) = (0, 0);
        if (_bucketCount == 2 * _level) _level *= 2;
        while (record != null)
        {
            var next = record->Next;
            ref var target = ref (BucketOf(record->Hash) == source ? ref from : ref to);
            record->Next = (RecordLink*)target;
            target = (nint)record;
            record = next;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int BucketOf(ulong hash)
    {
        var bucket = (int)(hash >> 32) & ((2 * _level) - 1);
        return bucket < _bucketCount ? bucket : bucket & (_level - 1);
    }
}
