using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Resp;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// A hash field <c>i…</c>: the version (12 bytes), the kind, and for a value its codec, its length (4) and its content type before the
/// bytes. Kinds rank within one version: a value (<c>v</c>) stands above the note that it is held elsewhere (<c>n</c>).
/// </summary>
internal static class StoredItem
{
    public const byte Value = (byte)'v';
    public const byte Unheld = (byte)'n';
    public const byte Removed = (byte)'r';
    private const int FixedBytes = VersionBytes.Length + 1 + 1 + 4 + 2;

    /// <summary>The largest value taken: far below the server's own limit, and what one call can carry within a deadline at all.</summary>
    public const long MaxValueBytes = 256L * 1024 * 1024;

    /// <summary>More than stands before a value.</summary>
    public const int MostBesides = FixedBytes + ushort.MaxValue;

    /// <summary>The length of the field's content. It takes a compression to know: for what may be too large only.</summary>
    public static long LengthOf(in ItemSnapshot item, CompressionKind compression)
    {
        using var counted = new RespWriter(16 * 1024);
        Write(counted, item, compression);
        return counted.Length;
    }

    /// <summary>Appends the field's content as one argument.</summary>
    public static void Write(RespWriter writer, in ItemSnapshot item, CompressionKind compression)
    {
        var type = Encoding.UTF8.GetBytes(item.ContentType);
        var length = (int)item.Value.Length;
        var plain = ArrayPool<byte>.Shared.Rent(length);
        var packed = ArrayPool<byte>.Shared.Rent(ValueCodec.MaxBytes(length));
        try
        {
            item.Value.CopyTo(plain);
            var written = ValueCodec.Compress(compression, plain.AsSpan(0, length), packed.AsSpan(0, ValueCodec.MaxBytes(length)), out var codec);
            Span<byte> head = stackalloc byte[FixedBytes];
            VersionBytes.Write(head, item.Version);
            (head[12], head[13]) = (Value, codec);
            BinaryPrimitives.WriteInt32BigEndian(head[14..], length);
            BinaryPrimitives.WriteUInt16BigEndian(head[18..], checked((ushort)type.Length));
            writer.BulkHead(FixedBytes + type.Length + written);
            writer.Raw(head);
            writer.Raw(type);
            writer.Raw(packed.AsSpan(0, written));
            writer.Raw("\r\n"u8);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
            ArrayPool<byte>.Shared.Return(packed);
        }
    }

    /// <summary>Appends a field that has a version and no value.</summary>
    public static void WriteMark(RespWriter writer, ItemVersion version, byte kind)
    {
        Span<byte> mark = stackalloc byte[VersionBytes.Length + 1];
        VersionBytes.Write(mark, version);
        mark[12] = kind;
        writer.Bulk(mark);
    }

    public static byte KindOf(ReadOnlySpan<byte> field) => field.Length > 12 ? field[12] : Removed;

    /// <exception cref="InvalidDataException">No value of ours, or its codec is not at hand.</exception>
    public static ItemSnapshot Read(byte[] key, ReadOnlySpan<byte> field)
    {
        if (field.Length < FixedBytes || field[12] != Value) throw new InvalidDataException("An item has a form that this program does not know.");
        var length = BinaryPrimitives.ReadInt32BigEndian(field[14..]);
        var typeLength = BinaryPrimitives.ReadUInt16BigEndian(field[18..]);
        if (length is < 0 or > (int)MaxValueBytes || typeLength > field.Length - FixedBytes) throw new InvalidDataException("An item's lengths do not fit.");
        var value = Unpack(field[13], length, field[(FixedBytes + typeLength)..]);
        return new ItemSnapshot(key, TextCache.Get(field.Slice(FixedBytes, typeLength)), VersionBytes.Read(field), value);
    }

    private static ItemValue Unpack(byte codec, int length, ReadOnlySpan<byte> packed)
    {
        if (codec == ValueCodec.Plain && packed.Length == length) return From(packed);
        var plain = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            if (!ValueCodec.TryDecompress(codec, packed, plain.AsSpan(0, length))) throw new InvalidDataException("An item's value cannot be unpacked here.");
            return From(plain.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    private static ItemValue From(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < ItemValue.LargeFrom) return new ItemValue(bytes.ToArray());
        var large = LargeValue.Allocate(bytes.Length);
        large.Write(0, bytes);
        return new ItemValue(large);
    }
}
