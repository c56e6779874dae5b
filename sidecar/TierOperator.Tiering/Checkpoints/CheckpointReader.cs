using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Checkpoints;

/// <summary>A checkpoint that was checked from its first byte to its last; only then is it opened.</summary>
public sealed class CheckpointReader : IDisposable
{
    private const int MaxBlockBytes = 256 * 1024 * 1024;

    private readonly IDiskFile _file;
    private readonly SegmentCipher? _cipher;
    private readonly uint _seed;
    private byte[] _stored = [];

    internal CheckpointReader(IDiskFile file, CheckpointFile.Header header, string id, SegmentCipher? cipher)
    {
        (_file, _cipher) = (file, cipher);
        _seed = CheckpointFile.Seed(header.Id);
        var (sessions, items) = ReadTrailer(id);
        Info = new CheckpointInfo(id, header.CreatedMs, sessions, items, file.Length);
    }

    public CheckpointInfo Info { get; }

    /// <summary>The sessions in the order in which they were written. Whoever takes one releases it.</summary>
    public IEnumerable<SessionSnapshot> Sessions()
    {
        var assembler = new SessionAssembler();
        var end = _file.Length - CheckpointFile.TrailerBytes;
        for (long at = CheckpointFile.HeaderBytes; at < end;)
        {
            var plain = ReadBlock(ref at, end);
            for (var i = 0; i < plain.Length;)
            {
                var length = BitConverter.ToInt32(plain, i);
                if (assembler.Take(plain.AsSpan(i + 4, length)) is { } session) yield return session;
                i += 4 + length;
            }
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher?.Dispose();
    }

    internal void Verify()
    {
        var end = _file.Length - CheckpointFile.TrailerBytes;
        for (long at = CheckpointFile.HeaderBytes; at < end;) ReadBlock(ref at, end);
    }

    private (long Sessions, long Items) ReadTrailer(string id)
    {
        var trailer = new byte[CheckpointFile.TrailerBytes];
        var at = _file.Length - trailer.Length;
        if (at < CheckpointFile.HeaderBytes || _file.Read(trailer, at) < trailer.Length) throw CheckpointFile.Damaged(id, "it is cut off");
        var reader = new SpanReader(trailer);
        var crc = (uint)reader.Int();
        _ = reader.Int();
        var (sessions, items, position) = (reader.Long(), reader.Long(), reader.Long());
        if (crc != Crc32C.Compute(trailer.AsSpan(4), _seed) || position != at) throw CheckpointFile.Damaged(id, "its end does not check");
        return (sessions, items);
    }

    private byte[] ReadBlock(ref long at, long end)
    {
        Span<byte> header = stackalloc byte[CheckpointFile.BlockHeaderBytes];
        if (at + header.Length > end || _file.Read(header, at) < header.Length) throw CheckpointFile.Damaged(Info.Id, "a block is cut off");
        var frame = LargeFrame.Read(header);
        var offset = at + header.Length;
        if (frame.StoredBytes < 0 || offset + frame.StoredBytes > end || frame.RawBytes is < 0 or > MaxBlockBytes) throw CheckpointFile.Damaged(Info.Id, "a block has no sane length");
        if (_stored.Length < frame.StoredBytes) _stored = new byte[frame.StoredBytes];
        var stored = _stored.AsSpan(0, frame.StoredBytes);
        if (_file.Read(stored, offset) < stored.Length
            || LargeFrame.Checksum(frame.RawBytes, frame.Codec, stored, _seed, offset) != frame.Crc) throw CheckpointFile.Damaged(Info.Id, "a block does not check");
        if (_cipher is not null)
        {
            if (!_cipher.TryOpen(offset, stored, stored)) throw CheckpointFile.Damaged(Info.Id, "a block does not open under its key");
            stored = stored[..^SegmentCipher.TagBytes];
        }

        var plain = new byte[frame.RawBytes];
        if (!ValueCodec.TryDecompress(frame.Codec, stored, plain)) throw CheckpointFile.Damaged(Info.Id, "a block does not decompress here; install libzstd if it was written with it");
        at = offset + frame.StoredBytes;
        return plain;
    }
}
