using System.Buffers;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

internal enum RecordReadStatus
{
    Ok,

    /// <summary>The bytes are not the record that was written there.</summary>
    Bad,

    /// <summary>The disk answered with an error, or the file was closed under the read.</summary>
    Failed,
}

/// <summary>A record in the clear. The holder releases the value.</summary>
internal readonly record struct DecodedRecord(RecordHeader Header, RecordMeta Meta, ItemValue Value);

/// <summary>Reads records at their locations: checks, opens, decompresses.</summary>
internal sealed class RecordReader(SegmentSet segments) : IRecordIdentity
{
    private const int FirstReadBytes = 256 * 1024;

    public bool TryIdentify(Location location, out Hash128 session, out ulong item)
    {
        // More than once: a change that takes one bad read for an answer would replace what is there.
        var status = ReadHeader(location, out var header);
        for (var tries = 1; tries < 3 && status != RecordReadStatus.Ok; tries++) status = ReadHeader(location, out header);
        session = header.Session;
        item = header.Item;
        return status == RecordReadStatus.Ok;
    }

    public RecordReadStatus ReadHeader(Location location, out RecordHeader header)
    {
        header = default;
        if (segments.Find(location.Slot) is not { } segment) return RecordReadStatus.Bad;
        Span<byte> bytes = stackalloc byte[RecordHeader.Bytes];
        var status = ReadExact(segment, bytes, location.Offset);
        if (status != RecordReadStatus.Ok) return status;
        return RecordHeader.TryRead(bytes, segment.Seed, location.Offset, out header) ? RecordReadStatus.Ok : RecordReadStatus.Bad;
    }

    /// <param name="location">Where the record begins.</param>
    /// <param name="sizeHint">About how long it is, so that one read fetches all of it; 0 when unknown.</param>
    /// <param name="record">The record, when the answer is Ok.</param>
    /// <param name="metaOnly">True leaves the value out.</param>
    public RecordReadStatus Read(Location location, long sizeHint, out DecodedRecord record, bool metaOnly = false)
    {
        record = default;
        if (segments.Find(location.Slot) is not { } segment) return RecordReadStatus.Bad;
        var first = (int)Math.Clamp(sizeHint, 512, FirstReadBytes);
        var buffer = ArrayPool<byte>.Shared.Rent(first);
        try
        {
            return ReadWith(segment, location.Offset, ref buffer, first, metaOnly, out record);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The record in the clear, its value as compressed as it is; the holder releases a large one.</summary>
    public RecordReadStatus ReadPlain(Location location, out RecordHeader header, out byte[] body, out LargeValue? large)
    {
        (body, large) = ([], null);
        var status = ReadHeader(location, out header);
        if (status != RecordReadStatus.Ok) return status;
        var segment = segments.Find(location.Slot)!;
        var isLarge = header.Has(RecordFlags.Large);
        var length = isLarge ? (int)header.MetaLength + (header.Has(RecordFlags.Encrypted) ? SegmentCipher.TagBytes : 0) : (int)header.Length;
        var bytes = new byte[length];
        status = ReadExact(segment, bytes, location.Offset + RecordHeader.Bytes);
        if (status != RecordReadStatus.Ok) return status;
        var opened = bytes.AsSpan();
        if (Crc32C.Compute(opened) != header.BodyCrc || !TryOpen(segment, header, location.Offset, ref opened)) return RecordReadStatus.Bad;
        body = opened.Length == bytes.Length ? bytes : bytes[..opened.Length];
        return isLarge ? ReadLarge(segment, header, location.Offset + RecordHeader.Bytes + length, out large) : RecordReadStatus.Ok;
    }

    /// <summary>Takes a record apart whose bytes never left memory.</summary>
    public static bool TryDecode(in RecordHeader header, ReadOnlySpan<byte> plainBody, LargeValue? large, out DecodedRecord record)
    {
        record = default;
        var meta = RecordMeta.Read(plainBody[..(int)header.MetaLength], header.Op);
        if (large is not null)
        {
            record = new DecodedRecord(header, meta, new ItemValue(large));
            return true;
        }

        if (header.Op != RecordOp.Put)
        {
            record = new DecodedRecord(header, meta, default);
            return true;
        }

        var value = GC.AllocateUninitializedArray<byte>((int)header.ValueLength);
        if (!ValueCodec.TryDecompress(header.Codec, plainBody[(int)header.MetaLength..], value)) return false;
        record = new DecodedRecord(header, meta, new ItemValue(value));
        return true;
    }

    private static RecordReadStatus ReadWith(
        SegmentFile segment, long offset, ref byte[] buffer, int first, bool metaOnly, out DecodedRecord record)
    {
        record = default;
        var status = ReadSome(segment, buffer.AsSpan(0, first), offset, out var count);
        if (status != RecordReadStatus.Ok) return status;
        if (!RecordHeader.TryRead(buffer.AsSpan(0, count), segment.Seed, offset, out var header)) return RecordReadStatus.Bad;

        var large = header.Has(RecordFlags.Large);
        var bodyBytes = large ? (int)header.MetaLength + (header.Has(RecordFlags.Encrypted) ? SegmentCipher.TagBytes : 0) : (int)header.Length;
        var needed = RecordHeader.Bytes + bodyBytes;
        if (needed > count)
        {
            if (buffer.Length < needed)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(needed);
            }

            status = ReadExact(segment, buffer.AsSpan(0, needed), offset);
            if (status != RecordReadStatus.Ok) return status;
        }

        var body = buffer.AsSpan(RecordHeader.Bytes, bodyBytes);
        if (Crc32C.Compute(body) != header.BodyCrc || !TryOpen(segment, header, offset, ref body)) return RecordReadStatus.Bad;
        if (metaOnly)
        {
            record = new DecodedRecord(header, RecordMeta.Read(body[..(int)header.MetaLength], header.Op), default);
            return RecordReadStatus.Ok;
        }

        LargeValue? value = null;
        if (large)
        {
            status = ReadLarge(segment, header, offset + needed, out value);
            if (status != RecordReadStatus.Ok) return status;
        }

        if (TryDecode(header, body, value, out record)) return RecordReadStatus.Ok;
        value?.Release();
        return RecordReadStatus.Bad;
    }

    private static bool TryOpen(SegmentFile segment, in RecordHeader header, long offset, ref Span<byte> body)
    {
        if (!header.Has(RecordFlags.Encrypted)) return true;
        if (segment.Cipher is null || !segment.Cipher.TryOpen(offset + RecordHeader.Bytes, body, body)) return false;
        body = body[..^SegmentCipher.TagBytes];
        return true;
    }

    private static RecordReadStatus ReadLarge(SegmentFile segment, in RecordHeader header, long offset, out LargeValue? value)
    {
        value = LargeValue.Allocate(header.ValueLength);
        var frameBytes = ArrayPool<byte>.Shared.Rent(LargeValue.ChunkBytes + LargeFrame.OverheadBytes);
        var status = RecordReadStatus.Ok;
        for (var i = 0; i < value.ChunkCount && status == RecordReadStatus.Ok; i++)
            status = ReadFrame(segment, header, frameBytes, value.Chunk(i).Span, ref offset);
        ArrayPool<byte>.Shared.Return(frameBytes);
        if (status == RecordReadStatus.Ok) return status;
        value.Release();
        value = null;
        return status;
    }

    private static RecordReadStatus ReadFrame(
        SegmentFile segment, in RecordHeader header, byte[] buffer, Span<byte> target, ref long offset)
    {
        var status = ReadExact(segment, buffer.AsSpan(0, LargeFrame.HeaderBytes), offset);
        if (status != RecordReadStatus.Ok) return status;
        var frame = LargeFrame.Read(buffer);
        if (frame.StoredBytes < 0 || frame.StoredBytes > buffer.Length || frame.RawBytes != target.Length) return RecordReadStatus.Bad;
        var bodyOffset = offset + LargeFrame.HeaderBytes;
        var stored = buffer.AsSpan(0, frame.StoredBytes);
        status = ReadExact(segment, stored, bodyOffset);
        if (status != RecordReadStatus.Ok) return status;
        if (LargeFrame.Checksum(frame.RawBytes, frame.Codec, stored, segment.Seed, bodyOffset) != frame.Crc) return RecordReadStatus.Bad;
        offset = bodyOffset + frame.StoredBytes;
        if (header.Has(RecordFlags.Encrypted))
        {
            if (segment.Cipher is null || !segment.Cipher.TryOpen(bodyOffset, stored, stored)) return RecordReadStatus.Bad;
            stored = stored[..^SegmentCipher.TagBytes];
        }

        return ValueCodec.TryDecompress(frame.Codec, stored, target) ? RecordReadStatus.Ok : RecordReadStatus.Bad;
    }

    private static RecordReadStatus ReadExact(SegmentFile segment, Span<byte> target, long offset)
    {
        var status = ReadSome(segment, target, offset, out var count);
        return status == RecordReadStatus.Ok && count < target.Length ? RecordReadStatus.Bad : status;
    }

    private static RecordReadStatus ReadSome(SegmentFile segment, Span<byte> target, long offset, out int count)
    {
        count = 0;
        try
        {
            count = segment.File.Read(target, offset);
            return RecordReadStatus.Ok;
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error) || error is ObjectDisposedException)
        {
            return RecordReadStatus.Failed;
        }
    }
}
