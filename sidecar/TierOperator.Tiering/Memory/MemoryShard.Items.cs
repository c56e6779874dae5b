using System.Text;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Memory;

internal sealed unsafe partial class MemoryShard
{
    /// <summary>
    /// Stores an item in place of an older one. A large value's reference passes to the shard. Answers what the session
    /// costs more (or, negative, less) than before.
    /// </summary>
    public long PutItem_NeedsLock(SessionRecord* session, ReadOnlySpan<byte> key, string contentType, ItemVersion version, in ItemValue value)
    {
        long delta = 0;
        var present = FindItem_NeedsLock(session, key);
        if (present != null) delta -= RemoveItem_NeedsLock(session, present);

        var inline = types.InlineBytes(contentType, out var type);
        var hash = KeyHash.Compute(key, session->Hash ^ seed);
        var item = (ItemRecord*)NativeHeap.Allocate(ItemRecord.SizeOf(key.Length, inline.Length, value.Length));
        *item = new ItemRecord
        {
            Link = new RecordLink { Hash = hash },
            Session = session,
            Stamp = version.Stamp,
            Node = version.Node,
            KeyLength = key.Length,
            ContentType = type,
            TypeLength = (ushort)inline.Length,
            ValueLength = value.Large is null ? (int)value.Length : ~KeepLarge_NeedsLock(value.Large),
        };
        key.CopyTo(new Span<byte>((byte*)item + sizeof(ItemRecord), key.Length));
        inline.CopyTo(new Span<byte>((byte*)item + sizeof(ItemRecord) + key.Length, inline.Length));
        if (value.Large is null) value.Bytes.Span.CopyTo(ItemRecord.Value(item));
        Link_NeedsLock(session, item);

        var cost = ItemRecord.CostOf(key.Length, inline.Length, value.Length);
        session->CostBytes += cost;
        return delta + cost;
    }

    /// <summary>Removes an item. Answers the bytes that it cost.</summary>
    public long RemoveItem_NeedsLock(SessionRecord* session, ItemRecord* item)
    {
        _items.Remove(&item->Link);
        if (item->Previous != null) item->Previous->Following = item->Following;
        else session->Items = item->Following;
        if (item->Following != null) item->Following->Previous = item->Previous;

        var cost = ItemRecord.CostOf(item->KeyLength, item->TypeLength, LengthOf_NeedsLock(item));
        if (item->IsLarge) DropLarge_NeedsLock(item->LargePlace);
        session->CostBytes -= cost;
        session->ItemCount--;
        NativeHeap.Free(item);
        return cost;
    }

    public long LengthOf_NeedsLock(ItemRecord* item)
        => item->IsLarge ? _large[item->LargePlace]!.Length : item->ValueLength;

    public string ContentTypeOf_NeedsLock(ItemRecord* item)
        => item->ContentType == ContentTypes.Inline ? Encoding.UTF8.GetString(ItemRecord.InlineType(item)) : types[item->ContentType];

    /// <summary>The large value of an item with a reference for the caller; null for a small one.</summary>
    public LargeValue? ShareLarge_NeedsLock(ItemRecord* item)
    {
        if (!item->IsLarge) return null;
        var large = _large[item->LargePlace]!;
        large.AddReference();
        return large;
    }

    /// <summary>An item's value for the caller to keep: a copy of a small one, a reference of a large one.</summary>
    public ItemValue CopyValue_NeedsLock(ItemRecord* item)
        => ShareLarge_NeedsLock(item) is { } large ? new ItemValue(large) : new ItemValue(ItemRecord.Value(item).ToArray());

    private int KeepLarge_NeedsLock(LargeValue value)
    {
        if (!_freeLarge.TryPop(out var place))
        {
            place = _usedLarge++;
            if (place == _large.Length) Array.Resize(ref _large, _large.Length * 2);
        }

        _large[place] = value;
        return place;
    }

    private void DropLarge_NeedsLock(int place)
    {
        _large[place]!.Release();
        _large[place] = null;
        _freeLarge.Push(place);
    }

    private void Link_NeedsLock(SessionRecord* session, ItemRecord* item)
    {
        _items.Add(&item->Link);
        item->Following = session->Items;
        if (session->Items != null) session->Items->Previous = item;
        session->Items = item;
        session->ItemCount++;
    }
}
