using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>A batch between its append and the index: encoded, in the clear, in one piece of memory.</summary>
internal sealed class PendingBatch
{
    public required EncodeChunk Chunk { get; init; }
    public required PendingOperation[] Operations { get; init; }

    /// <summary>What it may take on disk at most.</summary>
    public required long MaxStoredBytes { get; init; }

    /// <summary>What it takes in memory.</summary>
    public required long PendingBytes { get; init; }
    public long Ticket { get; set; }

    /// <summary>In the index already.</summary>
    public bool IsApplied { get; set; }

    /// <summary>Written by the store itself (evictions, expiry): past every bound, and no client waits for it.</summary>
    public bool IsInternal { get; init; }

    /// <summary>See <see cref="DiskBatch.MayBeLost"/>.</summary>
    public bool MayBeLost { get; init; }

    public void Release()
    {
        Chunk.Release();
        foreach (var operation in Operations) operation.Large?.Release();
    }
}

/// <summary>One operation of a <see cref="PendingBatch"/>; its bytes are header, meta and value, in the clear.</summary>
internal sealed class PendingOperation
{
    public required RecordHeader Header { get; init; }
    public required int Offset { get; init; }
    public required int Length { get; init; }
    public LargeValue? Large { get; init; }
    public PendingBatch Batch { get; set; } = null!;

    /// <summary>Where the committer wrote it, and how many bytes it took.</summary>
    public Location Written { get; set; }
    public long StoredBytes { get; set; }

    /// <summary>The sessions of a <see cref="RecordOp.Drop"/>.</summary>
    public Hash128[]? Dropped { get; init; }

    public ReadOnlySpan<byte> Body => Batch.Chunk.Buffer.AsSpan(Offset + RecordHeader.Bytes, Length - RecordHeader.Bytes);
}
