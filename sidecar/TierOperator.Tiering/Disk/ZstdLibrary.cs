using System.Runtime.InteropServices;

namespace TierOperator.Tiering.Disk;

/// <summary>The system's libzstd, where there is one; the program must run without it.</summary>
internal static unsafe class ZstdLibrary
{
    private const int Level = 1;

    private static readonly delegate* unmanaged<byte*, nuint, byte*, nuint, int, nuint> s_compress;
    private static readonly delegate* unmanaged<byte*, nuint, byte*, nuint, nuint> s_decompress;
    private static readonly delegate* unmanaged<nuint, uint> s_isError;

#pragma warning disable CA1810, S3963 // a failed load must leave every pointer null
    static ZstdLibrary()
#pragma warning restore CA1810, S3963
    {
        if (!NativeLibrary.TryLoad("libzstd.so.1", out var library)) return;
        if (!NativeLibrary.TryGetExport(library, "ZSTD_compress", out var compress)
            || !NativeLibrary.TryGetExport(library, "ZSTD_decompress", out var decompress)
            || !NativeLibrary.TryGetExport(library, "ZSTD_isError", out var isError)) return;
        s_compress = (delegate* unmanaged<byte*, nuint, byte*, nuint, int, nuint>)compress;
        s_decompress = (delegate* unmanaged<byte*, nuint, byte*, nuint, nuint>)decompress;
        s_isError = (delegate* unmanaged<nuint, uint>)isError;
        IsAvailable = true;
    }

    public static bool IsAvailable { get; }

    /// <summary>Bytes written; 0 when they do not fit.</summary>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* from = source, to = target)
        {
            var written = s_compress(to, (nuint)target.Length, from, (nuint)source.Length, Level);
            return s_isError(written) != 0 ? 0 : (int)written;
        }
    }

    /// <summary>Bytes written; -1 when the source is not a whole frame or larger than the target.</summary>
    public static int Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* from = source, to = target)
        {
            var written = s_decompress(to, (nuint)target.Length, from, (nuint)source.Length);
            return s_isError(written) != 0 ? -1 : (int)written;
        }
    }
}
