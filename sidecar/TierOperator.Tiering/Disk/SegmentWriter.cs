using System.Buffers;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>Appends records to one segment through a buffer: seals, checksums, and writes as few times as it can.</summary>
/// <remarks>Not thread-safe. After an exception the segment must be given up: see <see cref="SegmentCipher"/>.</remarks>
internal sealed class SegmentWriter : IDisposable
{
    private const int BufferBytes = 1024 * 1024;

    /// <summary>How far ahead the file is filled with zeros, so that a sync finds its blocks allocated already.</summary>
    private const long PrepareStepBytes = 2 * 1024 * 1024;
    private static readonly byte[] s_zeros = new byte[256 * 1024];

    private readonly CompressionKind _compression;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private byte[]? _scratch;
    private int _used;
    private long _start;
    private byte _group;

    public SegmentWriter(CompressionKind compression) => _compression = compression;

    public SegmentFile? Segment { get; private set; }

    /// <summary>Bytes that a file of this size still has behind the tail.</summary>
    public long RoomBytes => Segment is null ? 0 : LimitBytes - Segment.Tail;
    public long LimitBytes { get; private set; }

    /// <summary>Goes on with another segment; the one before must be flushed.</summary>
    public void MoveTo(SegmentFile? segment, long limitBytes)
    {
        Segment = segment;
        LimitBytes = limitBytes;
        _used = 0;
        _start = segment?.Tail ?? 0;
    }

    /// <summary>The records from here on share one sync; see <see cref="RecordHeader.GroupOf"/>.</summary>
    public void BeginGroup() => _group++;

    /// <summary>Appends one record; the body is in the clear.</summary>
    public Location Append(RecordHeader header, ReadOnlySpan<byte> body, LargeValue? large, out long storedBytes)
    {
        var segment = Segment!;
        var offset = segment.Tail;
        header.Flags = RecordHeader.WithGroup(header.Flags, _group);
        if (large is null)
        {
            var target = Reserve((int)RecordHeader.Align(RecordHeader.Bytes + body.Length + SegmentCipher.TagBytes));
            FillSmall(ref header, body, target, segment, offset);
            _used += (int)header.StoredBytes;
            segment.Tail += header.StoredBytes;
        }
        else
        {
            AppendLarge(ref header, body, large);
        }

        segment.Records++;
        storedBytes = header.StoredBytes;
        return new Location(segment.Slot, offset);
    }

    /// <summary>Fills the next stretch of the file with zeros, which also shows whether the disk has room.</summary>
    public void Prepare() => PrepareAhead(Segment!);

    public void Flush(bool prepare)
    {
        if (_used == 0) return;
        var segment = Segment!;
        segment.File.Write(_buffer.AsSpan(0, _used), _start);
        _start += _used;
        _used = 0;
        if (prepare) PrepareAhead(segment);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        if (_scratch is not null) ArrayPool<byte>.Shared.Return(_scratch);
        _buffer = [];
        _scratch = null;
    }

    private static void FillSmall(
        ref RecordHeader header, ReadOnlySpan<byte> body, Span<byte> target, SegmentFile segment, long offset)
    {
        var stored = target[RecordHeader.Bytes..];
        if (segment.Cipher is { } cipher)
        {
            cipher.Seal(offset + RecordHeader.Bytes, body, stored);
            stored = stored[..(body.Length + SegmentCipher.TagBytes)];
            header.Flags |= RecordFlags.Encrypted;
        }
        else
        {
            body.CopyTo(stored);
            stored = stored[..body.Length];
            header.Flags &= ~RecordFlags.Encrypted;
        }

        header.Length = (uint)stored.Length;
        header.KeyTag = segment.KeyTag;
        header.BodyCrc = Crc32C.Compute(stored);
        header.Write(target, segment.Seed, offset);
        target[(RecordHeader.Bytes + stored.Length)..(int)header.StoredBytes].Clear();
    }

    private void AppendLarge(ref RecordHeader header, ReadOnlySpan<byte> meta, LargeValue large)
    {
        var segment = Segment!;
        var offset = segment.Tail;
        var headerBytes = new byte[RecordHeader.Align(RecordHeader.Bytes + meta.Length + SegmentCipher.TagBytes)];
        FillSmall(ref header, meta, headerBytes, segment, offset);
        var metaStored = (int)header.Length;
        headerBytes.AsSpan(RecordHeader.Bytes, metaStored).CopyTo(Take(RecordHeader.Bytes + metaStored)[RecordHeader.Bytes..]);
        for (var i = 0; i < large.ChunkCount; i++) AppendFrame(large.Chunk(i).Span);
        header.Length = (uint)(segment.Tail - offset - RecordHeader.Bytes);
        Take((int)(header.StoredBytes - RecordHeader.Bytes - header.Length)).Clear();

        // The header holds the length, which is known only now: it goes in last, over the blank that was left for it.
        Flush(prepare: false);
        header.Write(headerBytes, segment.Seed, offset);
        segment.File.Write(headerBytes.AsSpan(0, RecordHeader.Bytes), offset);
    }

    private void AppendFrame(ReadOnlySpan<byte> chunk)
    {
        var segment = Segment!;
        _scratch ??= ArrayPool<byte>.Shared.Rent(LargeValue.ChunkBytes);
        var compressed = ValueCodec.Compress(_compression, chunk, _scratch, out var codec);
        var bodyOffset = segment.Tail + LargeFrame.HeaderBytes;
        var storedBytes = compressed + (segment.Cipher is null ? 0 : SegmentCipher.TagBytes);
        var target = Take(LargeFrame.HeaderBytes + storedBytes);
        var stored = target[LargeFrame.HeaderBytes..];
        if (segment.Cipher is { } cipher) cipher.Seal(bodyOffset, _scratch.AsSpan(0, compressed), stored);
        else _scratch.AsSpan(0, compressed).CopyTo(stored);
        var crc = LargeFrame.Checksum(chunk.Length, codec, stored, segment.Seed, bodyOffset);
        new LargeFrame(storedBytes, chunk.Length, crc, codec).Write(target);
    }

    /// <summary>The next bytes of the buffer, with the tail moved past them.</summary>
    private Span<byte> Take(int bytes)
    {
        var taken = Reserve(bytes);
        _used += bytes;
        Segment!.Tail += bytes;
        return taken;
    }

    private Span<byte> Reserve(int bytes)
    {
        if (_buffer.Length - _used < bytes)
        {
            Flush(prepare: false);
            if (_buffer.Length < bytes)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(bytes);
            }
        }

        return _buffer.AsSpan(_used, bytes);
    }

    private void PrepareAhead(SegmentFile segment)
    {
        if (_start < segment.PreparedBytes || segment.PreparedBytes >= LimitBytes) return;
        var until = Math.Min(LimitBytes, _start + PrepareStepBytes);
        FillZeros(segment.File, _start, until);
        segment.PreparedBytes = Math.Max(until, _start);
    }

    public static void FillZeros(IDiskFile file, long from, long until)
    {
        for (var at = from; at < until; at += s_zeros.Length)
            file.Write(s_zeros.AsSpan(0, (int)Math.Min(s_zeros.Length, until - at)), at);
    }
}
