using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>Sees one item. The spans are valid during the call only.</summary>
public delegate void ItemVisitor(ReadOnlySpan<byte> item, ReadOnlySpan<byte> value);

/// <summary>
/// One session in an edit: what is there, and over it what the edit has staged. A session whose last item is removed is gone,
/// unless it is being made.
/// </summary>
/// <remarks>Valid only while the edit runs. Spans of it are valid until the next change to it.</remarks>
public sealed unsafe partial class EditedSession
{
    private readonly Dictionary<byte[], ItemValue?> _staged = new(ByteComparer.Instance);
    private MemoryShard? _shard;
    private SessionRecord* _record;
    private bool _isCleared;
    private byte _kind;
    private long _deadlineMs;
    private bool _isTimed;

    /// <summary>The id.</summary>
    public ReadOnlyMemory<byte> Key { get; private set; }

    /// <summary>Items that it has.</summary>
    public int Count { get; private set; }

    /// <summary>It is there, with at least one item.</summary>
    public bool Exists => Count > 0;

    /// <summary><see cref="SessionHeader.Kind"/>.</summary>
    public byte Kind => _kind;

    /// <summary>The explicit deadline, Unix milliseconds; null when it slides.</summary>
    public long? DeadlineMs => _deadlineMs > 0 ? _deadlineMs : null;

    /// <summary>When it was read or written last before this edit, Unix milliseconds; 0 when it is new.</summary>
    public long LastAccessMs { get; private set; }

    /// <summary>Accesses that were counted before this edit.</summary>
    public uint Accesses { get; private set; }

    /// <summary>What it costs in memory now; 0 where memory does not hold it.</summary>
    public long CostBytes => _record == null ? 0 : _record->CostBytes;

    /// <summary>Bytes of values that the edit was shown.</summary>
    internal long ReadBytes { get; private set; }

    internal ulong Hash { get; private set; }
    internal MemoryShard Shard => _shard!;
    internal SessionRecord* Record => _record;

    /// <summary>What the disk holds of it, where memory does not have it all.</summary>
    internal SessionSnapshot? Below { get; set; }
    /// <summary>Whether a local tier had it when the shared tiers were asked for it; null when they were not.</summary>
    internal bool? WasHere { get; private set; }
    internal bool DiskIsStale { get; set; }

    /// <summary>Only the disk holds it, and memory had no room for it.</summary>
    internal bool IsCold { get; set; }
    internal SessionPlan? Plan { get; set; }

    /// <summary>What the shared tiers were told of it.</summary>
    internal OwedWaits Owed { get; set; }
    internal TierEngine.Prepared Prepared { get; set; }

    /// <summary>The bytes of an item; a large value is copied.</summary>
    public bool TryGet(ReadOnlySpan<byte> item, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (TryGetStaged(item, out var staged))
        {
            if (staged is not { } put) return false;
            value = SpanOf(put);
            return true;
        }

        if (_isCleared) return false;
        if (Below is not null) return TryGetBelow(item, out value);
        var found = Find(item);
        if (found == null) return false;
        value = SpanOf(found);
        return true;
    }

    /// <summary>An item as the caller may keep it; it is released by the caller.</summary>
    public ItemValue? ValueOf(ReadOnlySpan<byte> item)
    {
        if (TryGetStaged(item, out var staged)) return staged is { } put ? Shared(put) : null;
        if (_isCleared) return null;
        if (Below is not null) return BelowItem(item) is { } below ? Shared(below.Value) : null;
        var found = Find(item);
        if (found == null) return null;
        ReadBytes += Shard.LengthOf_NeedsLock(found);
        return Shard.CopyValue_NeedsLock(found);
    }

    /// <summary>The length of an item's value; -1 when there is none.</summary>
    public long LengthOf(ReadOnlySpan<byte> item)
    {
        if (TryGetStaged(item, out var staged)) return staged?.Length ?? -1;
        if (_isCleared) return -1;
        if (Below is not null) return BelowItem(item)?.Value.Length ?? -1;
        var found = Find(item);
        return found == null ? -1 : Shard.LengthOf_NeedsLock(found);
    }

    /// <summary>Shows every item, in no order.</summary>
    public void ForEach(ItemVisitor visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        if (!_isCleared) ForEachPresent(visit);
        foreach (var (item, value) in _staged)
            if (value is { } put) visit(item, SpanOf(put));
    }

    /// <summary>
    /// A number that changes with every change to the session, its deadline and its absence included: by it a watcher sees that
    /// somebody wrote.
    /// </summary>
    public ulong Fingerprint()
    {
        if (!Exists) return 0;
        var fold = (ulong)_deadlineMs * 0x9e3779b97f4a7c15 + _kind + 1;
        if (Below is { } below)
            foreach (var item in below.Items) fold += FoldOf(item.Key, item.Version);
        else if (_record != null)
            for (var item = _record->Items; item != null; item = item->Following) fold += FoldOf(ItemRecord.Key(item), item->Version);
        return fold | 1;
    }

    private static ulong FoldOf(ReadOnlySpan<byte> item, ItemVersion version) => KeyHash.Compute(item, version.Stamp ^ version.Node);

    private void ForEachPresent(ItemVisitor visit)
    {
        if (Below is { } below)
        {
            foreach (var item in below.Items)
                if (!IsStaged(item.Key)) visit(item.Key, SpanOf(item.Value));
            return;
        }

        // The list begins with the newest: backwards it is the order of Redis' small hashes, which some apps count on.
        if (_record == null || _record->Items == null) return;
        var last = _record->Items;
        while (last->Following != null) last = last->Following;
        for (var item = last; item != null; item = item->Previous)
        {
            var name = ItemRecord.Key(item);
            if (!IsStaged(name)) visit(name, SpanOf(item));
        }
    }

    private bool IsStaged(ReadOnlySpan<byte> item) => _staged.Count > 0 && TryGetStaged(item, out _);

    private bool TryGetStaged(ReadOnlySpan<byte> item, out ItemValue? value)
    {
        value = null;
        return _staged.Count > 0 && _staged.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(item, out value);
    }

    private ItemRecord* Find(ReadOnlySpan<byte> item) => _record == null ? null : Shard.FindItem_NeedsLock(_record, item);

    private ReadOnlySpan<byte> SpanOf(ItemRecord* item)
    {
        ReadBytes += Shard.LengthOf_NeedsLock(item);
        if (item->ValueLength >= 0) return ItemRecord.Value(item);
        var value = Shard.CopyValue_NeedsLock(item);
        var copy = value.ToArray();
        value.Release();
        return copy;
    }

    private ReadOnlySpan<byte> SpanOf(ItemValue value)
    {
        ReadBytes += value.Length;
        return value.Large is null ? value.Bytes.Span : value.ToArray();
    }

    private bool TryGetBelow(ReadOnlySpan<byte> item, out ReadOnlySpan<byte> value)
    {
        var found = BelowItem(item);
        value = found is { } below ? SpanOf(below.Value) : default;
        return found is not null;
    }

    private ItemSnapshot? BelowItem(ReadOnlySpan<byte> item)
    {
        foreach (var below in Below!.Items)
            if (item.SequenceEqual(below.Key)) return below;
        return null;
    }

    private static ItemValue Shared(ItemValue value)
    {
        value.Large?.AddReference();
        return value;
    }
}
