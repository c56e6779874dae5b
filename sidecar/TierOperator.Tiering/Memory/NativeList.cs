using System.Runtime.InteropServices;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// A list for the megabytes that background work needs for a moment: on the managed heap they would stay resident until
/// a full collection, here they go back to the system when it is disposed. A large one grows without being copied.
/// </summary>
/// <remarks>Not thread-safe; no span of it may be used after it was disposed or added to.</remarks>
internal sealed unsafe class NativeList<T> : IDisposable
    where T : unmanaged
{
    private const int FirstRoom = 64;

    private T* _entries;
    private int _room;

    public int Count { get; private set; }

    public ref T this[int index] => ref Span[index];

    public Span<T> Span => new(_entries, Count);

    public void Add(in T entry)
    {
        var added = entry; // it may be an entry of this very list, which is about to move
        Reserve(Count + 1);
        _entries[Count++] = added;
    }

    /// <summary>Adds so many entries, whose content is the caller's to set.</summary>
    public Span<T> AddMany(int count)
    {
        Reserve(checked(Count + count));
        Count += count;
        return Span[^count..];
    }

    public void RemoveAll(Predicate<T> match)
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
            if (!match(_entries[i])) _entries[kept++] = _entries[i];
        Count = kept;
    }

    public void Dispose()
    {
        NativeMemory.Free(_entries);
        _entries = null;
        (Count, _room) = (0, 0);
    }

    private void Reserve(int count)
    {
        if (count <= _room) return;
        var room = Math.Max(count, Math.Max(FirstRoom, (int)Math.Min(_room * 2L, int.MaxValue)));
        _entries = (T*)NativeMemory.Realloc(_entries, (nuint)room * (nuint)sizeof(T));
        _room = room;
    }
}
