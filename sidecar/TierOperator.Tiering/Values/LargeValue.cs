using System.Buffers;
using System.Runtime.InteropServices;

namespace TierOperator.Tiering.Values;

/// <summary>
/// A value too large to copy about: native chunks of <see cref="ChunkBytes"/>, the last one shorter, counted by
/// reference. It is filled once by its maker and read-only afterwards.
/// </summary>
/// <remarks>
/// Thread-safe after it is filled. Whoever keeps it calls <see cref="AddReference"/>, and <see cref="Release"/> when done;
/// the maker starts with one reference. Native, because large arrays that come and go grow the managed heap far past
/// what is live, and memory here is a hard number.
/// </remarks>
public sealed unsafe class LargeValue
{
    /// <summary>256 KiB: the unit of copying, compressing and encrypting.</summary>
    public const int ChunkBytes = 256 * 1024;

    private readonly NativeChunk[] _chunks;
    private int _references = 1;

    private LargeValue(long length)
    {
        Length = length;
        _chunks = new NativeChunk[(int)((length + ChunkBytes - 1) / ChunkBytes)];
        var left = length;
        for (var i = 0; i < _chunks.Length; i++, left -= ChunkBytes)
            _chunks[i] = new NativeChunk((int)Math.Min(left, ChunkBytes));
    }

    /// <summary>Takes over chunks that a <see cref="LargeValueBuilder"/> filled.</summary>
    internal LargeValue(long length, NativeChunk[] chunks) => (Length, _chunks) = (length, chunks);

    /// <summary>Chunks of native memory that large values hold in this process now.</summary>
    public static int LiveChunks => NativeChunk.Live;

    public long Length { get; }
    public int ChunkCount => _chunks.Length;

    /// <summary>Reserves the memory for a value of a known length. Its content is undefined until filled.</summary>
    public static LargeValue Allocate(long length) => new(length);

    /// <summary>The memory of one chunk; valid only while the caller holds a reference.</summary>
    public Memory<byte> Chunk(int index) => _chunks[index].Memory;

    /// <summary>Keeps it alive. False when the last reference is already gone.</summary>
    public bool AddReference()
    {
        while (true)
        {
            var seen = Volatile.Read(ref _references);
            if (seen == 0) return false;
            if (Interlocked.CompareExchange(ref _references, seen + 1, seen) == seen) return true;
        }
    }

    /// <summary>Gives one reference back; the last one frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0) return;
        foreach (var chunk in _chunks) chunk.Free();
    }

    /// <summary>Copies bytes in at an offset; for the maker only.</summary>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            var target = Chunk((int)(offset / ChunkBytes)).Span[(int)(offset % ChunkBytes)..];
            var count = Math.Min(target.Length, source.Length);
            source[..count].CopyTo(target);
            source = source[count..];
            offset += count;
        }
    }

    internal sealed class NativeChunk : MemoryManager<byte>
    {
        private static int s_live;
        private byte* _pointer;
        private int _length;

        public NativeChunk(int length)
        {
            _pointer = (byte*)NativeMemory.Alloc((nuint)length);
            _length = length;
            Interlocked.Increment(ref s_live);
        }

        public static int Live => Volatile.Read(ref s_live);

        public override Span<byte> GetSpan() => new(_pointer, _length);
        public override MemoryHandle Pin(int elementIndex = 0) => new(_pointer + elementIndex);
        public override void Unpin() { }
        protected override void Dispose(bool disposing) => Free();

        /// <summary>Gives back the end of the chunk; for its maker only, before anybody reads it.</summary>
        public void Shrink(int length)
        {
            _pointer = (byte*)NativeMemory.Realloc(_pointer, (nuint)length);
            _length = length;
        }

        public void Free()
        {
            if (_pointer == null) return;
            NativeMemory.Free(_pointer);
            _pointer = null;
            Interlocked.Decrement(ref s_live);
        }
    }
}
