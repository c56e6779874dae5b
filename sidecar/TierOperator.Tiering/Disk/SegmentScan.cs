using System.Buffers;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>What a scan found in one segment, in the order of the log. Whoever holds it disposes it: it may be large.</summary>
internal sealed class ScanOutcome : IDisposable
{
    public NativeList<HintRecord> Records { get; } = new();

    /// <summary>Records that were written once and are not whole any more.</summary>
    public int BadRecords { get; set; }

    /// <summary>Something did not check, be it damage, what a crash left, or one bad read.</summary>
    public bool HasDoubts { get; set; }

    /// <summary>Where the last whole record ends.</summary>
    public long Tail { get; set; } = SegmentHeader.Bytes;

    public int CountWhole()
    {
        var whole = 0;
        foreach (ref var record in Records.Span) whole += record.IsDamaged ? 0 : 1;
        return whole;
    }

    public void Dispose() => Records.Dispose();
}

/// <summary>
/// Reads a segment from its beginning and checks every record. 1. A header that does not check is searched past, 8
/// bytes at a time. 2. A batch counts when all its records are whole. 3. A damaged record whose header can be believed
/// is reported as such: its item is gone, and no older one may come back in its place. 4. Except in the last commit
/// group, where it is what a crash left (see <see cref="RecordHeader.GroupOf"/>).
/// </summary>
internal sealed class SegmentScan(SegmentFile segment, long length) : IDisposable
{
    private const int WindowBytes = 1024 * 1024;

    private ScanOutcome? _outcome = new();
    private readonly List<HintRecord> _batch = [];
    private byte[] _window = ArrayPool<byte>.Shared.Rent(WindowBytes);
    private long _windowStart;
    private int _windowLength;
    private int _lastGroup = -1;
    private bool _gap;
    private bool _batchBegan;

    /// <summary>Scans, and once more when anything did not check: a disk that misreads once must cost no data.</summary>
    public static ScanOutcome Confirmed(SegmentFile segment, long length)
    {
        var first = RunOnce(segment, length);
        if (!first.HasDoubts) return first;
        var second = RunOnce(segment, length);
        var (better, worse) = second.CountWhole() >= first.CountWhole() ? (second, first) : (first, second);
        worse.Dispose();
        return better;
    }

    private static ScanOutcome RunOnce(SegmentFile segment, long length)
    {
        using var scan = new SegmentScan(segment, length);
        scan.Run();
        return scan.TakeOutcome();
    }

    public void Dispose()
    {
        _outcome?.Dispose();
        ArrayPool<byte>.Shared.Return(_window);
    }

    /// <summary>What was found is the caller's from here on.</summary>
    private ScanOutcome TakeOutcome()
    {
        var outcome = _outcome!;
        _outcome = null;
        return outcome;
    }

    private void Run()
    {
        var offset = (long)SegmentHeader.Bytes;
        while (offset + RecordHeader.Bytes <= length)
        {
            if (!RecordHeader.TryRead(Window(offset, RecordHeader.Bytes), segment.Seed, offset, out var header)
                || offset + RecordHeader.Bytes + header.Length > length)
            {
                _gap = true;
                _outcome!.HasDoubts |= Window(offset, RecordHeader.Bytes).ContainsAnyExcept((byte)0);
                offset = NextCandidate(offset + RecordHeader.Alignment);
                continue;
            }

            Take(header, offset);
            offset += header.StoredBytes;
        }

        DropBatch();
        ForgetTorn();
    }

    private void Take(in RecordHeader header, long offset)
    {
        if (_gap)
        {
            _outcome!.BadRecords++;
            _gap = false;
            DropBatch();
        }

        if (header.Has(RecordFlags.First)) DropBatch();
        if (_batch.Count == 0) _batchBegan = header.Has(RecordFlags.First);
        _lastGroup = header.GroupOf;
        var whole = IsWhole(header, offset, out var dropped);
        var record = HintRecord.Of(header, offset, !whole);
        _batch.Add(record);
        foreach (var session in dropped ?? []) _batch.Add(record with { Session = session, SizeUnits = 0 });
        if (!whole)
        {
            _outcome!.BadRecords++;
            _outcome!.HasDoubts = true;
        }

        if (!header.Has(RecordFlags.Last)) return;
        if (_batchBegan && _batch.TrueForAll(part => !part.IsDamaged))
        {
            foreach (var part in _batch) _outcome!.Records.Add(part);
            _outcome!.Tail = offset + header.StoredBytes;
            _batch.Clear();
        }

        DropBatch();
    }

    /// <summary>A batch that is not whole: each of its records counts as damaged.</summary>
    private void DropBatch()
    {
        foreach (var record in _batch) _outcome!.Records.Add(record with { Damaged = 1 });
        _batch.Clear();
    }

    private void ForgetTorn()
    {
        _outcome!.Records.RemoveAll(record => record.IsDamaged && record.Group == _lastGroup);
    }

    private bool IsWhole(in RecordHeader header, long offset, out Hash128[]? dropped)
    {
        dropped = null;
        var bodyOffset = offset + RecordHeader.Bytes;
        if (header.Has(RecordFlags.Large)) return IsLargeWhole(header, bodyOffset);
        var body = Window(bodyOffset, (int)header.Length);
        if (body.Length < header.Length || Crc32C.Compute(body) != header.BodyCrc) return false;
        return header.Op != RecordOp.Drop || TryReadDropped(header, offset, body, out dropped);
    }

    private bool TryReadDropped(in RecordHeader header, long offset, ReadOnlySpan<byte> body, out Hash128[]? dropped)
    {
        dropped = null;
        var plain = new byte[body.Length];
        if (!header.Has(RecordFlags.Encrypted)) body.CopyTo(plain);
        else if (segment.Cipher is null || !segment.Cipher.TryOpen(offset + RecordHeader.Bytes, body, plain)) return false;
        var reader = new SpanReader(plain.AsSpan(0, (int)header.MetaLength));
        dropped = new Hash128[header.MetaLength / 16];
        for (var i = 0; i < dropped.Length; i++) dropped[i] = new Hash128((ulong)reader.Long(), (ulong)reader.Long());
        return true;
    }

    private bool IsLargeWhole(in RecordHeader header, long bodyOffset)
    {
        var metaStored = (int)header.MetaLength + (header.Has(RecordFlags.Encrypted) ? SegmentCipher.TagBytes : 0);
        if (Crc32C.Compute(Window(bodyOffset, metaStored)) != header.BodyCrc) return false;
        var at = bodyOffset + metaStored;
        var end = bodyOffset + header.Length;
        long raw = 0;
        while (raw < header.ValueLength)
        {
            if (at + LargeFrame.HeaderBytes > end) return false;
            var frame = LargeFrame.Read(Window(at, LargeFrame.HeaderBytes));
            at += LargeFrame.HeaderBytes;
            if (frame.StoredBytes < 0 || frame.StoredBytes > LargeValue.ChunkBytes + SegmentCipher.TagBytes || at + frame.StoredBytes > end || frame.RawBytes <= 0) return false;
            if (LargeFrame.Checksum(frame.RawBytes, frame.Codec, Window(at, frame.StoredBytes), segment.Seed, at) != frame.Crc) return false;
            at += frame.StoredBytes;
            raw += frame.RawBytes;
        }

        return at == end && raw == header.ValueLength;
    }

    /// <summary>The next place at which a header could stand: not zeros, and of our format.</summary>
    private long NextCandidate(long offset)
    {
        for (; offset + RecordHeader.Bytes <= length; offset += RecordHeader.Alignment)
        {
            var window = Window(offset, RecordHeader.Bytes);
            if (window[12] == RecordHeader.Format && window[13] is >= (byte)RecordOp.Put and <= (byte)RecordOp.Drop) return offset;
            var rest = _window.AsSpan((int)(offset - _windowStart), _windowLength - (int)(offset - _windowStart));
            var zeros = rest.IndexOfAnyExcept((byte)0);
            if (zeros < 0) zeros = rest.Length;
            if (zeros > 2 * RecordHeader.Bytes) offset += (zeros - RecordHeader.Bytes) & ~(RecordHeader.Alignment - 1);
        }

        return length;
    }

    private void Widen(int count)
    {
        ArrayPool<byte>.Shared.Return(_window);
        _window = ArrayPool<byte>.Shared.Rent(count);
    }

    /// <summary>Bytes of the file, through the window; shorter at its end.</summary>
    private ReadOnlySpan<byte> Window(long offset, int count)
    {
        if (offset < _windowStart || offset + count > _windowStart + _windowLength)
        {
            if (_window.Length < count) Widen(count);
            _windowStart = offset;
            var wanted = (int)Math.Min(_window.Length, length - offset);
            _windowLength = segment.File.Read(_window.AsSpan(0, wanted), offset);
        }

        var start = (int)(offset - _windowStart);
        return _window.AsSpan(start, Math.Min(count, _windowLength - start));
    }
}
