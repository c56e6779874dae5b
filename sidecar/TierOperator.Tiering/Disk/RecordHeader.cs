using System.Buffers.Binary;

namespace TierOperator.Tiering.Disk;

/// <summary>What a record does. The numbers are the format's.</summary>
internal enum RecordOp : byte { Put = 1, DeleteItem = 2, DeleteSession = 3, PutHeader = 4, Drop = 5 }

[Flags]
internal enum RecordFlags : byte
{
    None = 0,

    /// <summary>Begins a batch; a batch counts only when all its records up to <see cref="Last"/> are whole.</summary>
    First = 1,
    Last = 2,

    /// <summary>The value follows in frames, each with its own checksum.</summary>
    Large = 4,
    Encrypted = 8,
}

/// <summary>
/// The fixed part before each record, 64 bytes, little-endian: header CRC, body CRC, length, format, op, codec, flags,
/// key tag, meta length, expiry, session hash, item hash, value length, last access.
/// </summary>
/// <remarks>
/// The header CRC covers the body CRC, so together they cover the record. It is seeded with the segment's identity and
/// the record's offset: what an earlier life of a recycled file left behind is never taken for a record.
/// </remarks>
internal struct RecordHeader
{
    public const int Bytes = 64;
    public const byte Format = 1;
    public const int Alignment = 8;

    public uint BodyCrc;

    /// <summary>Bytes of the body as stored: meta and value, or meta and frames.</summary>
    public uint Length;
    public RecordOp Op;
    public byte Codec;
    public RecordFlags Flags;
    public uint KeyTag;

    /// <summary>Bytes of the meta part, in the clear.</summary>
    public uint MetaLength;
    public long ExpiresMs;
    public Hash128 Session;
    public ulong Item;

    /// <summary>Bytes of the value, uncompressed.</summary>
    public uint ValueLength;

    /// <summary>Unix seconds.</summary>
    public uint Access;

    public readonly long StoredBytes => Align(Bytes + (long)Length);
    public readonly bool IsTombstone => Op is RecordOp.DeleteItem or RecordOp.DeleteSession or RecordOp.Drop;
    public readonly bool Has(RecordFlags flag) => (Flags & flag) != 0;

    /// <summary>
    /// A counter of commit groups, in the upper four flags. A bad record that another group follows was synced once, so
    /// it is damage; in the last group it may as well be what a crash left, and is ignored.
    /// </summary>
    public readonly int GroupOf => (int)Flags >> 4;

    public static RecordFlags WithGroup(RecordFlags flags, byte group) => (RecordFlags)(((int)flags & 15) | ((group & 15) << 4));

    public static long Align(long length) => (length + Alignment - 1) & ~(Alignment - 1L);

    public readonly void Write(Span<byte> target, uint segmentSeed, long offset)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], BodyCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Length);
        target[12] = Format;
        target[13] = (byte)Op;
        target[14] = Codec;
        target[15] = (byte)Flags;
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], KeyTag);
        BinaryPrimitives.WriteUInt32LittleEndian(target[20..], MetaLength);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], ExpiresMs);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Session.High);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], Session.Low);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], Item);
        BinaryPrimitives.WriteUInt32LittleEndian(target[56..], ValueLength);
        BinaryPrimitives.WriteUInt32LittleEndian(target[60..], Access);
        BinaryPrimitives.WriteUInt32LittleEndian(target, Checksum(target, segmentSeed, offset));
    }

    /// <summary>False when these 64 bytes are not a header that this segment wrote at this offset.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, uint segmentSeed, long offset, out RecordHeader header)
    {
        if (source.Length < Bytes || source[12] != Format
            || BinaryPrimitives.ReadUInt32LittleEndian(source) != Checksum(source, segmentSeed, offset))
        {
            header = default;
            return false;
        }

        header = Parse(source);
        return true;
    }

    /// <summary>Reads the fields without any check; for bytes that never left memory.</summary>
    public static RecordHeader Parse(ReadOnlySpan<byte> source) => new()
    {
        BodyCrc = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        Length = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
        Op = (RecordOp)source[13],
        Codec = source[14],
        Flags = (RecordFlags)source[15],
        KeyTag = BinaryPrimitives.ReadUInt32LittleEndian(source[16..]),
        MetaLength = BinaryPrimitives.ReadUInt32LittleEndian(source[20..]),
        ExpiresMs = BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
        Session = new Hash128(
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]), BinaryPrimitives.ReadUInt64LittleEndian(source[40..])),
        Item = BinaryPrimitives.ReadUInt64LittleEndian(source[48..]),
        ValueLength = BinaryPrimitives.ReadUInt32LittleEndian(source[56..]),
        Access = BinaryPrimitives.ReadUInt32LittleEndian(source[60..]),
    };

    private static uint Checksum(ReadOnlySpan<byte> header, uint segmentSeed, long offset)
    {
        Span<byte> position = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(position, offset);
        return Crc32C.Compute(header[4..Bytes], Crc32C.Compute(position, segmentSeed));
    }
}
