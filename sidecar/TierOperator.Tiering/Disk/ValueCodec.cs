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

    /// <summary>So many bytes from the middle tell whether a value looks random; a large one may hold this and that.</summary>
    private const int SampleBytes = 512;
    private const int SampledUpToBytes = 16 * 1024;
    private const int BrotliQuality = 1;
    private const int BrotliWindow = 18;

    /// <summary>A target of this size holds whatever <see cref="Compress"/> makes of the source.</summary>
    public static int MaxBytes(int length) => length;

    /// <summary>Writes the value, compressed when that gains an eighth or more; how many bytes, and under which codec.</summary>
    public static int Compress(CompressionKind kind, ReadOnlySpan<byte> source, Span<byte> target, out byte codec)
    {
        codec = Choose(kind, source);
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

    private static byte Choose(CompressionKind kind, ReadOnlySpan<byte> source)
    {
        if (kind == CompressionKind.None || source.Length < 64) return Plain;
        if (kind == CompressionKind.Auto && (source.Length < AutoFromBytes || LooksRandom(source))) return Plain;
        return kind != CompressionKind.Brotli && ZstdLibrary.IsAvailable ? Zstd : Brotli;
    }

    /// <summary>
    /// What is compressed or encrypted already has all bytes about equally often, and trying to compress it costs ten times as much as
    /// looking. The measure is how often two bytes of the sample are equal: 1 in 256 for random ones, 1 in 64 for Base64, more for text.
    /// </summary>
    private static bool LooksRandom(ReadOnlySpan<byte> source)
    {
        if (source.Length > SampledUpToBytes) return false;
        var length = Math.Min(SampleBytes, source.Length);
        Span<ushort> counts = stackalloc ushort[256];
        counts.Clear();
        foreach (var value in source.Slice((source.Length - length) / 2, length)) counts[value]++;
        var pairs = 0;
        foreach (var count in counts) pairs += count * (count - 1);
        return pairs < length * (length - 1) / 160;
    }

    private static int CompressBrotli(ReadOnlySpan<byte> source, Span<byte> target)
        => BrotliEncoder.TryCompress(source, target, out var written, BrotliQuality, BrotliWindow) ? written : 0;
}
