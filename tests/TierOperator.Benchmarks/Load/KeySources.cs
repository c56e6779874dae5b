using System.Buffers.Binary;
using System.IO.Compression;

namespace TierOperator.Benchmarks.Load;

/// <summary>Where the next key comes from. Thread-safe.</summary>
internal interface IKeySource
{
    /// <summary>False when there are no more.</summary>
    bool TryNext(Random random, out long key);
}

/// <summary>Keys 0 to n-1 in order, once or over and over.</summary>
internal sealed class SequentialKeys(long first, long count, bool repeat) : IKeySource
{
    private long position = -1;

    public bool TryNext(Random random, out long key)
    {
        var next = Interlocked.Increment(ref position);
        key = first + (next % count);
        return repeat || next < count;
    }
}

/// <summary>
/// Keys by Zipf's law: the k-th most popular is asked for in proportion to 1/k^s; s = 0 is uniform.
/// Rejection inversion, Hörmann and Derflinger 1996: no table, any exponent, a bit over one try a key.
/// </summary>
internal sealed class ZipfKeys : IKeySource
{
    private readonly long keys;
    private readonly double exponent;
    private readonly double integralOfFirst;
    private readonly double integralOfLast;
    private readonly double shortcut;

    public ZipfKeys(long keys, double exponent)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keys);
        ArgumentOutOfRangeException.ThrowIfNegative(exponent);
        this.keys = keys;
        this.exponent = exponent;
        integralOfFirst = Integral(1.5) - 1;
        integralOfLast = Integral(keys + 0.5);
        shortcut = 2 - InverseIntegral(Integral(2.5) - Weight(2));
    }

    public bool TryNext(Random random, out long key)
    {
        while (true)
        {
            var u = integralOfLast + (random.NextDouble() * (integralOfFirst - integralOfLast));
            var x = InverseIntegral(u);
            var rank = Math.Clamp((long)(x + 0.5), 1, keys);
            if (rank - x > shortcut && u < Integral(rank + 0.5) - Weight(rank)) continue;
            key = rank - 1;
            return true;
        }
    }

    private double Weight(double x) => Math.Exp(-exponent * Math.Log(x));

    private double Integral(double x)
    {
        var log = Math.Log(x);
        var scaled = (1 - exponent) * log;
        // (e^x - 1)/x, by its series where the subtraction would lose all digits.
        return (Math.Abs(scaled) > 1e-8 ? (Math.Exp(scaled) - 1) / scaled : 1 + (scaled / 2)) * log;
    }

    private double InverseIntegral(double x)
    {
        var t = Math.Max(-1, x * (1 - exponent));
        var factor = Math.Abs(t) > 1e-8 ? Math.Log(1 + t) / t : 1 - (t / 2);
        return Math.Exp(factor * x);
    }
}

/// <summary>The keys of a recorded trace: gzip of big-endian 32-bit integers, in order, shared by all callers.</summary>
internal sealed class TraceKeys : IKeySource
{
    private readonly uint[] keys;
    private readonly bool repeat;
    private long position = -1;

    private TraceKeys(uint[] keys, bool repeat)
    {
        this.keys = keys;
        this.repeat = repeat;
    }

    public long Count => keys.Length;

    public static TraceKeys Read(string path, bool repeat)
    {
        using var file = File.OpenRead(path);
        using var plain = new GZipStream(file, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        plain.CopyTo(bytes);
        var buffer = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        var keys = new uint[buffer.Length / 4];
        for (var i = 0; i < keys.Length; i++) keys[i] = BinaryPrimitives.ReadUInt32BigEndian(buffer[(4 * i)..]);
        return new TraceKeys(keys, repeat);
    }

    public bool TryNext(Random random, out long key)
    {
        var next = Interlocked.Increment(ref position);
        key = repeat || next < keys.Length ? keys[next % keys.Length] : 0;
        return repeat || next < keys.Length;
    }
}
