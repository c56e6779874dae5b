using System.Buffers;
using System.Buffers.Binary;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Parts;

/// <summary>Parts as an item's bytes: a kind that no response has, the length of the head's item, that item, the whole's length, then each range with its bytes.</summary>
internal static class PartsCodec
{
    private const byte Version = 1, Kind = 3;

    public static byte[] Write(StoredParts parts)
    {
        var item = new ArrayBufferWriter<byte>();
        item.Write<byte>([Version, Kind]);
        var head = ResponseCodec.Write(parts.Head, []);
        Number(item, head.Length);
        item.Write(head);
        Number(item, parts.Total);
        foreach (var part in parts.Parts)
        {
            Number(item, part.Range.First);
            Number(item, part.Bytes.Length);
            item.Write(part.Bytes.Span);
        }

        return item.WrittenSpan.ToArray();
    }

    /// <summary>Null where these bytes are no parts.</summary>
    public static StoredParts? Read(ReadOnlyMemory<byte> item)
    {
        if (item.Length < 2 || item.Span[0] != Version || item.Span[1] != Kind) return null;
        item = item[2..];
        var length = (int)Number(ref item);
        if (ResponseCodec.Read(item.Span[..length]) is not { } head) return null;
        item = item[length..];
        var total = Number(ref item);
        var parts = new List<BodyPart>();
        while (!item.IsEmpty)
        {
            var first = Number(ref item);
            var count = (int)Number(ref item);
            parts.Add(new BodyPart(new ByteRange(first, first + count - 1), item[..count]));
            item = item[count..];
        }

        return new StoredParts(head, total, parts);
    }

    private static void Number(ArrayBufferWriter<byte> target, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(sizeof(long)), value);
        target.Advance(sizeof(long));
    }

    private static long Number(ref ReadOnlyMemory<byte> source)
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(source.Span);
        source = source[sizeof(long)..];
        return value;
    }
}
