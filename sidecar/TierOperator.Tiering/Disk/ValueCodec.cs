using System.IO.Compression;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Disk;

/// <summary>Compresses one value, or one frame of a large one. The codec ids are the format's.</summary>
internal static class ValueCodec
{
    public const byte Plain = 0;
    public const byte Brotli = 1;
    public const byte Zstd = 2;

    /// <summary>Below this size Auto does not try: the gain would be a few dozen bytes.</summary>
    private const int AutoFromBytes = 256;
    private const int BrotliQuality = 1;
    private const int BrotliWindow = 18;

    /// <summary>A target of this size holds whatever <see cref="Compress"/> makes of the source.</summary>
    public static int MaxBytes(int length) => length;

    /// <summary>Writes the value, compressed when that gains an eighth or more; how many bytes, and under which codec.</summary>
    public static int Compress(CompressionKind kind, ReadOnlySpan<byte> source, Span<byte> target, out byte codec)
    {
        codec = Choose(kind, source.Length);
        if (codec != Plain)
        {
            // A shorter target makes the compressor give up by itself where it would gain too little.
            var worth = target[..(source.Length - Math.Max(16, source.Length / 8))];
            var written = codec == Zstd ? ZstdLibrary.Compress(source, worth) : CompressBrotli(source, worth);
            if (written > 0) return written;
            codec = Plain;
        }

        source.CopyTo(target);
        return source.Length;
    }

    /// <summary>False when the bytes are not what the codec wrote, or their codec is not at hand.</summary>
    public static bool TryDecompress(byte codec, ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (codec)
        {
            case Plain when source.Length == target.Length:
                source.CopyTo(target);
                return true;
            case Brotli:
                return BrotliDecoder.TryDecompress(source, target, out var written) && written == target.Length;
            case Zstd:
                return ZstdLibrary.IsAvailable && ZstdLibrary.Decompress(source, target) == target.Length;
            default:
                return false;
        }
    }

    private static byte Choose(CompressionKind kind, int length)
    {
        if (kind == CompressionKind.None || length < 64) return Plain;
        if (kind == CompressionKind.Auto && length < AutoFromBytes) return Plain;
        return kind != CompressionKind.Brotli && ZstdLibrary.IsAvailable ? Zstd : Brotli;
    }

    private static int CompressBrotli(ReadOnlySpan<byte> source, Span<byte> target)
        => BrotliEncoder.TryCompress(source, target, out var written, BrotliQuality, BrotliWindow) ? written : 0;
}
