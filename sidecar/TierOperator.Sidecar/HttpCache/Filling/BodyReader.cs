using System.IO.Pipelines;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>One client's way through a body that may still be coming. One user; disposing leaves the body.</summary>
internal sealed class BodyReader(BodyBuffer body, long position) : IDisposable
{
    /// <summary>Changed under the body's lock.</summary>
    public long Position { get; internal set; } = position;

    /// <summary>Copies up to a count of bytes; -1 for all. False when the origin broke off, or the disk lost a part.</summary>
    public async Task<bool> CopyToAsync(PipeWriter target, long count, CancellationToken cancellationToken)
    {
        var end = count < 0 ? long.MaxValue : Position + count;
        while (Position < end)
        {
            var piece = body.PieceAt(Position);
            if (piece.Wait is { } wait) await wait.WaitAsync(cancellationToken);
            else if (piece.DiskChunk is { } index)
            {
                if (!await CopyDiskAsync(target, index, end, cancellationToken)) return false;
            }
            else if (piece.Bytes.IsEmpty) return piece.Phase == BodyPhase.Whole;
            else await CopyAsync(target, piece, end, cancellationToken);
        }

        return true;
    }

    public void Dispose() => body.Leave(this);

    private async ValueTask CopyAsync(PipeWriter target, BodyPiece piece, long end, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = piece.Bytes.Length > end - Position ? piece.Bytes[..(int)(end - Position)] : piece.Bytes;
            await target.WriteAsync(bytes, cancellationToken);
            body.Advance(this, Position + bytes.Length);
        }
        finally
        {
            piece.Held?.Release();
        }
    }

    private async ValueTask<bool> CopyDiskAsync(PipeWriter target, int index, long end, CancellationToken cancellationToken)
    {
        if (await body.ReadDiskAsync(index, cancellationToken) is not { } value) return false;
        try
        {
            var chunkEnd = Math.Min(end, ((long)index * FoundResponse.ChunkBytes) + value.Length);
            while (Position < chunkEnd)
            {
                var at = (int)(Position % FoundResponse.ChunkBytes);
                var bytes = value.Large is { } large
                    ? large.Chunk(at / LargeValue.ChunkBytes)[(at % LargeValue.ChunkBytes)..]
                    : value.Bytes[at..];
                if (bytes.Length > chunkEnd - Position) bytes = bytes[..(int)(chunkEnd - Position)];
                await target.WriteAsync(bytes, cancellationToken);
                body.Advance(this, Position + bytes.Length);
            }

            return true;
        }
        finally
        {
            value.Release();
        }
    }
}
