using System.Buffers.Binary;
using System.IO.Pipelines;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Tiering;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>
/// A stored response in a reader's hands, with its body: what it holds of memory stays until it is disposed, also when
/// the response is replaced meanwhile.
/// </summary>
internal sealed class FoundResponse(StoredResponse head, ItemVersion version, byte[] session) : IDisposable
{
    public const int ChunkBytes = 512 * 1024;
    private Dictionary<int, ItemValue>? _chunks;

    public StoredResponse Head { get; } = head;
    public ItemVersion Version { get; } = version;
    public byte[] Session { get; } = session;
    public TierSet Source { get; init; }
    public ReadOnlyMemory<byte> Inline { get; init; }
    public SessionSnapshot? Snapshot { get; init; }
    public required TierEngine Engine { get; init; }

    public static byte[] ChunkName(int index)
    {
        var name = new byte[5];
        name[0] = (byte)'b';
        BinaryPrimitives.WriteInt32BigEndian(name.AsSpan(1), index);
        return name;
    }

    /// <summary>Writes a range of the body. False when a part of it has left the disk since the head was read.</summary>
    public async Task<bool> WriteAsync(PipeWriter target, ByteRange range, CancellationToken cancellationToken)
    {
        if (Head.Place == BodyPlace.Inline)
        {
            await target.WriteAsync(Inline.Slice((int)range.First, (int)range.Length), cancellationToken);
            return true;
        }

        for (var at = range.First; at <= range.Last;)
        {
            var index = (int)(at / ChunkBytes);
            var chunk = await ChunkAsync(index, cancellationToken);
            if (chunk is not { } value) return false;
            try
            {
                var from = at - ((long)index * ChunkBytes);
                var count = Math.Min(value.Length - from, range.Last - at + 1);
                if (count <= 0) return false;
                await WriteSliceAsync(target, value, from, count, cancellationToken);
                at += count;
            }
            finally
            {
                if (Head.Place == BodyPlace.Apart) value.Release();
            }
        }

        return true;
    }

    public void Dispose() => Snapshot?.Release();

    private async ValueTask<ItemValue?> ChunkAsync(int index, CancellationToken cancellationToken)
    {
        if (Head.Place == BodyPlace.Items)
        {
            _chunks ??= IndexChunks();
            return _chunks.TryGetValue(index, out var held) ? held : null;
        }

        var read = await Engine.ReadAsync(Head.BodyKey, ChunkName(index), cancellationToken);
        return read.Status == ReadStatus.Found ? read.Value : null;
    }

    private Dictionary<int, ItemValue> IndexChunks()
        => Snapshot!.Items.Where(item => item.Key is [(byte)'b', _, _, _, _])
            .ToDictionary(item => BinaryPrimitives.ReadInt32BigEndian(item.Key.AsSpan(1)), item => item.Value);

    private static async Task WriteSliceAsync(PipeWriter target, ItemValue value, long from, long count, CancellationToken cancellationToken)
    {
        if (value.Large is not { } large)
        {
            await target.WriteAsync(value.Bytes.Slice((int)from, (int)count), cancellationToken);
            return;
        }

        while (count > 0)
        {
            var piece = large.Chunk((int)(from / LargeValue.ChunkBytes))[(int)(from % LargeValue.ChunkBytes)..];
            if (piece.Length > count) piece = piece[..(int)count];
            var flush = await target.WriteAsync(piece, cancellationToken);
            if (flush.IsCompleted) return;
            from += piece.Length;
            count -= piece.Length;
        }
    }
}
