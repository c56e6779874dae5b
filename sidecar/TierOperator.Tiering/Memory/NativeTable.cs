using System.Runtime.InteropServices;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// A table in native memory that grows by chunks: nothing is copied as it grows, nothing waits for the collector, and the
/// room that sessions give up serves the tables next, and the other way round.
/// </summary>
/// <remarks>
/// Not thread-safe: the owner's lock is held for every call, <see cref="Dispose"/> included. Entries never move, so a
/// reference stays good until then. After <see cref="Dispose"/> it is empty and may grow anew.
/// </remarks>
internal sealed unsafe class NativeTable<T>(NativeAccount account, T blank) : IDisposable
    where T : unmanaged
{
    private const int ChunkBits = 9;
    private const int ChunkLength = 1 << ChunkBits;

    private T** _chunks;
    private int _chunkCount;
    private int _chunkRoom;

    public ref T this[int index] => ref _chunks[index >> ChunkBits][index & (ChunkLength - 1)];

    /// <summary>How many entries can be indexed now.</summary>
    public int Length => _chunkCount << ChunkBits;

    /// <summary>Makes the entry indexable.</summary>
    public void Reach(int index)
    {
        while (index >= Length) Grow();
    }

    public void Dispose()
    {
        for (var i = 0; i < _chunkCount; i++) NativeHeap.Free(_chunks[i]);
        NativeHeap.Free(_chunks);
        account.Add(-((_chunkCount * NativeHeap.CostOf(ChunkLength * sizeof(T))) + DirectoryBytes));
        _chunks = null;
        (_chunkCount, _chunkRoom) = (0, 0);
    }

    private long DirectoryBytes => _chunkRoom == 0 ? 0 : NativeHeap.CostOf(_chunkRoom * (long)sizeof(T*));

    private void Grow()
    {
        if (_chunkCount == _chunkRoom) GrowDirectory();
        var chunk = (T*)NativeHeap.Allocate(ChunkLength * sizeof(T));
        new Span<T>(chunk, ChunkLength).Fill(blank);
        _chunks[_chunkCount++] = chunk;
        account.Add(NativeHeap.CostOf(ChunkLength * sizeof(T)));
    }

    private void GrowDirectory()
    {
        var before = DirectoryBytes;
        _chunkRoom = Math.Max(4, _chunkRoom * 2);
        _chunks = (T**)NativeMemory.Realloc(_chunks, (nuint)_chunkRoom * (nuint)sizeof(T*));
        account.Add(DirectoryBytes - before);
    }
}
