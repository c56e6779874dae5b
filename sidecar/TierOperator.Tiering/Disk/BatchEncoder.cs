using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Disk;

/// <summary>Turns a <see cref="DiskBatch"/> into bytes on the caller's thread: hashing, compression, meta.</summary>
internal sealed class BatchEncoder(KeyedHash hash, CompressionKind compression)
{
    // What a batch and an operation cost beside their bytes: objects, lists, the place among the pending ones. Of small
    // values it is most of what waits for the disk, and that is bounded by these numbers.
    private const int BatchBytes = 160;
    private const int OperationBytes = 320;

    /// <param name="batch">At least one operation.</param>
    /// <param name="tombstoneExpiresMs">Until when the floors of deleted sessions are remembered; 0 is not at all.</param>
    public PendingBatch Encode(DiskBatch batch, long tombstoneExpiresMs)
    {
        var operations = batch.Operations;
        var capacity = 0L;
        for (var i = 0; i < operations.Count; i++) capacity += MaxPlainBytes(operations[i]);
        var chunk = EncodeChunk.Take(checked((int)capacity), out var start);
        var pending = new PendingOperation[operations.Count];
        long stored = 0, memory = BatchBytes;
        var at = start;
        for (var i = 0; i < operations.Count; i++)
        {
            var flags = (i == 0 ? RecordFlags.First : 0) | (i == operations.Count - 1 ? RecordFlags.Last : 0);
            pending[i] = EncodeOne(operations[i], flags, chunk.Buffer, at, tombstoneExpiresMs);
            at += pending[i].Length;
            stored += MaxStoredBytes(pending[i]);
            memory += OperationBytes + (pending[i].Large?.Length ?? 0);
        }

        chunk.TrimTo(at);
        var encoded = new PendingBatch { Chunk = chunk, Operations = pending, MaxStoredBytes = stored, PendingBytes = memory + (at - start), MayBeLost = batch.MayBeLost };
        foreach (var operation in pending) operation.Batch = encoded;
        return encoded;
    }

    /// <summary>One record that takes sessions out without a floor: they were evicted, or expired.</summary>
    public static PendingBatch EncodeDrop(Hash128[] sessions)
    {
        var length = RecordHeader.Bytes + (sessions.Length * 16);
        var chunk = EncodeChunk.Take(length, out var offset);
        var writer = new SpanWriter(chunk.Buffer.AsSpan(offset + RecordHeader.Bytes));
        foreach (var session in sessions)
        {
            writer.Long((long)session.High);
            writer.Long((long)session.Low);
        }

        var header = new RecordHeader
        {
            Op = RecordOp.Drop, Flags = RecordFlags.First | RecordFlags.Last,
            Length = (uint)(sessions.Length * 16), MetaLength = (uint)(sessions.Length * 16),
        };
        var operation = new PendingOperation { Header = header, Offset = offset, Length = length, Dropped = sessions };
        var batch = new PendingBatch
        {
            Chunk = chunk, Operations = [operation], IsInternal = true, PendingBytes = length,
            MaxStoredBytes = RecordHeader.Align(length + SegmentCipher.TagBytes),
        };
        operation.Batch = batch;
        return batch;
    }

    private PendingOperation EncodeOne(
        in DiskOperation operation, RecordFlags flags, byte[] buffer, int at, long tombstoneExpiresMs)
    {
        var body = buffer.AsSpan(at + RecordHeader.Bytes);
        var metaLength = RecordMeta.Write(operation, body);
        var length = metaLength;
        byte codec = ValueCodec.Plain;
        var large = operation.Value.Large;
        if (large is not null)
        {
            if (!large.AddReference()) throw new InvalidOperationException("A large value was appended after its last reference was released.");
            flags |= RecordFlags.Large;
        }
        else if (operation.Op == RecordOp.Put)
        {
            length += ValueCodec.Compress(compression, operation.Value.Bytes.Span, body[metaLength..], out codec);
        }

        var header = new RecordHeader
        {
            Op = operation.Op, Codec = codec, Flags = flags, Length = (uint)length, MetaLength = (uint)metaLength,
            ExpiresMs = operation.Op == RecordOp.DeleteSession ? tombstoneExpiresMs : operation.ExpiresMs, Session = hash.Session(operation.Session.Span),
            Item = operation.Op is RecordOp.Put or RecordOp.DeleteItem ? hash.Item(operation.Item.Span) : 0,
            ValueLength = (uint)operation.Value.Length, Access = (uint)((operation.Header?.LastAccessMs ?? operation.Version.Milliseconds) / 1000),
        };
        header.Write(buffer.AsSpan(at), segmentSeed: 0, offset: 0);
        return new PendingOperation { Header = header, Offset = at, Length = RecordHeader.Bytes + length, Large = large };
    }

    private static long MaxPlainBytes(in DiskOperation operation)
        => RecordHeader.Bytes + RecordMeta.MaxBytes(operation) + (operation.Value.Large is null ? operation.Value.Length : 0);

    private static long MaxStoredBytes(PendingOperation operation)
    {
        var small = RecordHeader.Align(operation.Length + SegmentCipher.TagBytes);
        return operation.Large is { } large ? small + (large.ChunkCount * (long)LargeFrame.OverheadBytes) + large.Length : small;
    }
}
