namespace TierOperator.Tiering.Eviction;

/// <summary>
/// A table indexed by slot that grows in chunks: no copy of the whole as it grows, no large-object heap, and nothing
/// allocated once the highest slot is reached. It does not shrink: slots are reused, lowest first where the owner can.
/// </summary>
internal sealed class SlotArray<T>(T blank) where T : struct
{
    private const int ChunkBits = 9;
    private const int ChunkLength = 1 << ChunkBits;
    private const int ArrayHeaderBytes = 24;

    private T[][] _chunks = [];
    private int _chunkCount;

    public ref T this[int slot] => ref _chunks[slot >> ChunkBits][slot & (ChunkLength - 1)];

    /// <summary>How many slots can be indexed now.</summary>
    public int Length => _chunkCount << ChunkBits;

    public long Bytes =>
        (long)_chunkCount * ((ChunkLength * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<T>()) + ArrayHeaderBytes)
        + ((long)_chunks.Length * IntPtr.Size) + ArrayHeaderBytes;

    /// <summary>Makes the slot indexable.</summary>
    public void Reach(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        while (slot >> ChunkBits >= _chunkCount) Grow();
    }

    private void Grow()
    {
        if (_chunkCount == _chunks.Length) Array.Resize(ref _chunks, Math.Max(4, _chunks.Length * 2));
        var chunk = new T[ChunkLength];
        Array.Fill(chunk, blank);
        _chunks[_chunkCount++] = chunk;
    }
}
