using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Checkpoints;

/// <summary>Writes one checkpoint's file, block after block, reserving its bytes before they are written.</summary>
internal sealed class CheckpointWriter : IDisposable
{
    private const int BlockBytes = 256 * 1024;
    private const long ReserveStepBytes = 4 * 1024 * 1024;

    private readonly IDiskFile _file;
    private readonly DiskBudget _budget;
    private readonly SegmentCipher? _cipher;
    private readonly uint _seed;
    private readonly byte[] _plain = new byte[2 * BlockBytes];
    private readonly byte[] _scratch = new byte[2 * BlockBytes];
    private readonly byte[] _out = new byte[(2 * BlockBytes) + CheckpointFile.BlockHeaderBytes + SegmentCipher.TagBytes];
    private int _used;
    private byte[] _big = [];

    public CheckpointWriter(IDiskFile file, CheckpointFile.Header header, DiskBudget budget, SegmentCipher? cipher)
    {
        (_file, _budget, _cipher) = (file, budget, cipher);
        _seed = CheckpointFile.Seed(header.Id);
        Reserve(CheckpointFile.HeaderBytes);
        var block = new byte[CheckpointFile.HeaderBytes];
        header.Write(block);
        _file.Write(block, 0);
        Position = CheckpointFile.HeaderBytes;
    }

    public long Position { get; private set; }
    public long ReservedBytes { get; private set; }
    public long Sessions { get; private set; }
    public long Items { get; private set; }

    public void Add(SessionSnapshot session)
    {
        SessionForm.Write(session, Append);
        Sessions++;
        Items += session.Items.Count;
    }

    /// <summary>Writes the trailer and makes the whole durable.</summary>
    public void Complete()
    {
        FlushBlock();
        Reserve(CheckpointFile.TrailerBytes);
        var trailer = new byte[CheckpointFile.TrailerBytes];
        var writer = new SpanWriter(trailer);
        writer.Int(0);
        writer.Int(-1);
        writer.Long(Sessions);
        writer.Long(Items);
        writer.Long(Position);
        new SpanWriter(trailer).Int((int)Crc32C.Compute(trailer.AsSpan(4), _seed));
        _file.Write(trailer, Position);
        Position += trailer.Length;
        _file.Sync();
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher?.Dispose();
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        if (_used > 0 && _used + 4 + part.Length > BlockBytes) FlushBlock();
        if (4 + part.Length > _plain.Length)
        {
            // A key, or many, of 64 KiB beside a value: rare, and a block of its own.
            _big = new byte[4 + part.Length];
            new SpanWriter(_big).Bytes(part);
            WriteBlock(_big);
            _big = [];
            return;
        }

        new SpanWriter(_plain.AsSpan(_used)).Bytes(part);
        _used += 4 + part.Length;
    }

    private void FlushBlock()
    {
        if (_used == 0) return;
        WriteBlock(_plain.AsSpan(0, _used));
        _used = 0;
    }

    private void WriteBlock(ReadOnlySpan<byte> plain)
    {
        var scratch = plain.Length <= _scratch.Length ? _scratch : new byte[plain.Length];
        var compressed = ValueCodec.Compress(CompressionKind.Auto, plain, scratch, out var codec);
        var stored = compressed + (_cipher is null ? 0 : SegmentCipher.TagBytes);
        var target = stored + CheckpointFile.BlockHeaderBytes <= _out.Length ? _out : new byte[stored + CheckpointFile.BlockHeaderBytes];
        Reserve(stored + CheckpointFile.BlockHeaderBytes);
        var body = target.AsSpan(CheckpointFile.BlockHeaderBytes, stored);
        var offset = Position + CheckpointFile.BlockHeaderBytes;
        if (_cipher is null) scratch.AsSpan(0, compressed).CopyTo(body);
        else _cipher.Seal(offset, scratch.AsSpan(0, compressed), body);
        new LargeFrame(stored, plain.Length, LargeFrame.Checksum(plain.Length, codec, body, _seed, offset), codec).Write(target);
        _file.Write(target.AsSpan(0, stored + CheckpointFile.BlockHeaderBytes), Position);
        Position += stored + CheckpointFile.BlockHeaderBytes;
    }

    private void Reserve(long bytes)
    {
        while (DiskErrors.ToBlocks(Position + bytes) > ReservedBytes)
        {
            var step = Math.Max(DiskErrors.ToBlocks(bytes), Math.Min(ReserveStepBytes, DiskErrors.ToBlocks(Math.Max(4096, Position))));
            if (!_budget.TryReserve(step))
                throw new CheckpointException(CheckpointFault.NoRoom,
                    $"The checkpoint does not fit: the data folder may hold {_budget.CapacityBytes} bytes and {_budget.UsedBytes} are taken. Delete older checkpoints, or raise spillover.capacity.");
            ReservedBytes += step;
        }
    }
}
