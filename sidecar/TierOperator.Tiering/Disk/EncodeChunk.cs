using System.Buffers;
using System.Collections.Concurrent;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// A stretch of memory that batches on their way to the log share, one after the other. A buffer for each would come from the
/// runtime's pool, which keeps few of one size and makes new ones for the rest: garbage of the size of all that is written.
/// </summary>
/// <remarks>One thread takes from a chunk; any thread gives back. It is used anew when nothing of it is out.</remarks>
internal sealed class EncodeChunk
{
    // Below the size from which the runtime collects an array only with the oldest generation.
    private const int ChunkBytes = 64 * 1024;
    private const int MostSharedBytes = ChunkBytes / 4;
    private const int MostSpares = 64;
    private static readonly ConcurrentQueue<EncodeChunk> s_spares = new();

    [ThreadStatic]
    private static EncodeChunk? t_open;

    private readonly bool _isShared;
    private int _used;

    // The thread that takes from it counts as one.
    private int _references = 1;

    private EncodeChunk(byte[] buffer, bool isShared) => (Buffer, _isShared) = (buffer, isShared);

    public byte[] Buffer { get; }

    /// <summary>Room for so many bytes, from <paramref name="offset"/> on; given back by <see cref="Release"/>.</summary>
    public static EncodeChunk Take(int bytes, out int offset)
    {
        offset = 0;
        if (bytes > MostSharedBytes) return new EncodeChunk(ArrayPool<byte>.Shared.Rent(bytes), isShared: false);
        var open = t_open;
        if (open is not null && Volatile.Read(ref open._references) == 1) open._used = 0;
        if (open is null || ChunkBytes - open._used < bytes)
        {
            open?.Release();
            open = t_open = s_spares.TryDequeue(out var spare) ? spare : new EncodeChunk(GC.AllocateUninitializedArray<byte>(ChunkBytes), isShared: true);
            (open._used, open._references) = (0, 1);
        }

        offset = open._used;
        open._used += bytes;
        Interlocked.Increment(ref open._references);
        return open;
    }

    /// <summary>What was taken last ends here: the rest is for the next. By the thread that took it, before it takes again.</summary>
    public void TrimTo(int end) => _used = end;

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0) return;
        if (!_isShared) ArrayPool<byte>.Shared.Return(Buffer);
        else if (s_spares.Count < MostSpares) s_spares.Enqueue(this);
    }
}
