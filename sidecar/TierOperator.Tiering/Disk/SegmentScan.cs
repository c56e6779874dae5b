using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>What a scan found in one segment, in the order of the log.</summary>
internal sealed class ScanOutcome
{
    public List<HintRecord> Records { get; init; } = [];

    /// <summary>Records that were written once and are not whole any more.</summary>
    public int BadRecords { get; set; }

    /// <summary>Something did not check, be it damage, what a crash left, or one bad read.</summary>
    public bool HasDoubts { get; set; }

    /// <summary>Where the last whole record ends.</summary>
    public long Tail { get; set; } = SegmentHeader.Bytes;
}

/// <summary>
/// Reads a segment from its beginning and checks every record. 1. A header that does not check is searched past, 8
/// bytes at a time. 2. A batch counts when all its records are whole. 3. A damaged record whose header can be believed
/// is reported as such: its item is gone, and no older one may come back in its place. 4. Except in the last commit
/// group, where it is what a crash left (see <see cref="RecordHeader.GroupOf"/>).
/// </summary>
internal sealed class SegmentScan(SegmentFile segment, long length)
{
    private const int WindowBytes = 1024 * 1024;

    private readonly ScanOutcome _outcome = new();
    private readonly List<HintRecord> _batch = [];
    private byte[] _window = new byte[WindowBytes];
    private long _windowStart;
    private int _windowLength;
    private int _lastGroup = -1;
    private bool _gap;
    private bool _batchBegan;

    /// <summary>Scans, and once more when anything did not check: a disk that misreads once must cost no data.</summary>
    public static ScanOutcome Confirmed(SegmentFile segment, long length)
    {
        var first = new SegmentScan(segment, length).Run();
        if (!first.HasDoubts) return first;
        var second = new SegmentScan(segment, length).Run();
        return second.Records.Count(record => !record.IsDamaged) >= first.Records.Count(record => !record.IsDamaged) ? second : first;
    }

    public ScanOutcome Run()
    {
        var offset = (long)SegmentHeader.Bytes;
        while (offset + RecordHeader.Bytes <= length)
        {
            if (!RecordHeader.TryRead(Window(offset, RecordHeader.Bytes), segment.Seed, offset, out var header)
                || offset + RecordHeader.Bytes + header.Length > length)
            {
                _gap = true;
                _outcome.HasDoubts |= Window(offset, RecordHeader.Bytes).ContainsAnyExcept((byte)0);
                offset = NextCandidate(offset + RecordHeader.Alignment);
                continue;
            }

            Take(header, offset);
            offset += header.StoredBytes;
        }

        DropBatch();
        ForgetTorn();
        return _outcome;
    }

    private void Take(in RecordHeader header, long offset)
    {
        if (_gap)
        {
            _outcome.BadRecords++;
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
            _outcome.BadRecords++;
            _outcome.HasDoubts = true;
        }

        if (!header.Has(RecordFlags.Last)) return;
        if (_batchBegan && _batch.TrueForAll(part => !part.IsDamaged))
        {
            _outcome.Records.AddRange(_batch);
            _outcome.Tail = offset + header.StoredBytes;
            _batch.Clear();
        }

        DropBatch();
    }

    /// <summary>A batch that is not whole: each of its records counts as damaged.</summary>
    private void DropBatch()
    {
        foreach (var record in _batch) _outcome.Records.Add(record with { Damaged = 1 });
        _batch.Clear();
    }

    private void ForgetTorn()
    {
        _outcome.Records.RemoveAll(record => record.IsDamaged && record.Group == _lastGroup);
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

    /// <summary>Bytes of the file, through the window; shorter at its end.</summary>
    private ReadOnlySpan<byte> Window(long offset, int count)
    {
        if (offset < _windowStart || offset + count > _windowStart + _windowLength)
        {
            if (_window.Length < count) _window = new byte[count];
            _windowStart = offset;
            var wanted = (int)Math.Min(_window.Length, length - offset);
            _windowLength = segment.File.Read(_window.AsSpan(0, wanted), offset);
        }

        var start = (int)(offset - _windowStart);
        return _window.AsSpan(start, Math.Min(count, _windowLength - start));
    }
}
