namespace TierOperator.Tiering.Values;

/// <summary>
/// An item's bytes on their way through: either plain memory, or a <see cref="LargeValue"/> from
/// <see cref="LargeFrom"/> bytes on. The holder of a large one owns one reference of it.
/// </summary>
public readonly struct ItemValue
{
    /// <summary>From this size on a value is a <see cref="LargeValue"/>: 64 KiB.</summary>
    public const int LargeFrom = 64 * 1024;

    public ItemValue(ReadOnlyMemory<byte> bytes) => Bytes = bytes;
    public ItemValue(LargeValue large) => Large = large;

    /// <summary>The bytes of a small value; empty when <see cref="Large"/> is set.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }
    public LargeValue? Large { get; }
    public long Length => Large?.Length ?? Bytes.Length;

    /// <summary>Copies the whole value; the target is at least <see cref="Length"/> long.</summary>
    public void CopyTo(Span<byte> target)
    {
        if (Large is null)
        {
            Bytes.Span.CopyTo(target);
            return;
        }

        for (var i = 0; i < Large.ChunkCount; i++)
        {
            var chunk = Large.Chunk(i).Span;
            chunk.CopyTo(target);
            target = target[chunk.Length..];
        }
    }

    /// <summary>The whole value as one array. For documents and tools, not for the hot path.</summary>
    public byte[] ToArray()
    {
        var copy = new byte[Length];
        CopyTo(copy);
        return copy;
    }

    /// <summary>Makes a value of the right kind from bytes; a small one keeps the caller's memory.</summary>
    public static ItemValue From(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < LargeFrom) return new ItemValue(bytes);
        var large = LargeValue.Allocate(bytes.Length);
        large.Write(0, bytes.Span);
        return new ItemValue(large);
    }

    /// <summary>Gives back the reference of a large value.</summary>
    public void Release() => Large?.Release();
}

/// <summary>An item with its value, as tiers hand it to each other.</summary>
public readonly record struct ItemSnapshot(byte[] Key, string ContentType, ItemVersion Version, ItemValue Value);

/// <summary>A whole session, as tiers hand it to each other. The holder releases the values.</summary>
public sealed record SessionSnapshot(byte[] Key, SessionHeader Header, IReadOnlyList<ItemSnapshot> Items)
{
    public void Release()
    {
        foreach (var item in Items) item.Value.Release();
    }

    /// <summary>What of it is newer than a deletion; null when nothing is. Takes over its values.</summary>
    public SessionSnapshot? WrittenSince(ItemVersion floor)
    {
        var kept = new List<ItemSnapshot>();
        foreach (var item in Items)
        {
            if (item.Version > floor) kept.Add(item);
            else item.Value.Release();
        }

        return kept.Count == 0 ? null : this with { Items = kept };
    }
}
