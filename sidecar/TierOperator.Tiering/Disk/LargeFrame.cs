using System.Buffers.Binary;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// Before each chunk of a large value: stored length, raw length, CRC-32C seeded with segment and offset, codec.
/// Chunks are compressed and encrypted one by one, so that no second copy of the value is ever held.
/// </summary>
internal readonly record struct LargeFrame(int StoredBytes, int RawBytes, uint Crc, byte Codec)
{
    public const int HeaderBytes = 16;
    public const int OverheadBytes = HeaderBytes + SegmentCipher.TagBytes;

    public void Write(Span<byte> target)
    {
        target[..HeaderBytes].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(target, StoredBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], RawBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Crc);
        target[12] = Codec;
    }

    public static LargeFrame Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt32LittleEndian(source), BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[8..]), source[12]);

    /// <summary>Covers the lengths and the codec too, and where the frame stands.</summary>
    public static uint Checksum(int rawBytes, byte codec, ReadOnlySpan<byte> stored, uint segmentSeed, long offset)
    {
        Span<byte> prefix = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, offset);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[8..], rawBytes);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[12..], codec);
        return Crc32C.Compute(stored, Crc32C.Compute(prefix, segmentSeed));
    }
}
