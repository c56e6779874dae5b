using System.Diagnostics;
using System.Numerics;

namespace TierOperator.Benchmarks.Load;

/// <summary>
/// Counts latencies in buckets whose width grows with the value: 64 to each power of two of nanoseconds, so that a
/// percentile is off by less than 1.6 %. The layout is HdrHistogram's. One writer; merge to read several.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int SubBuckets = 1 << SubBits;
    private const int Exponents = 36;

    private readonly long[] counts = new long[(Exponents + 1) * SubBuckets];

    public long Count { get; private set; }
    public TimeSpan Max { get; private set; }

    public void Record(TimeSpan latency)
    {
        counts[IndexOf((long)latency.TotalNanoseconds)]++;
        Count++;
        if (latency > Max) Max = latency;
    }

    /// <summary>Records the time since a <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public void RecordSince(long timestamp) => Record(Stopwatch.GetElapsedTime(timestamp));

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < counts.Length; i++) counts[i] += other.counts[i];
        Count += other.Count;
        if (other.Max > Max) Max = other.Max;
    }

    /// <summary>The latency that <paramref name="share"/> (0 to 1) of all records stay at or under; zero without records.</summary>
    public TimeSpan Percentile(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            seen += counts[i];
            if (seen < rank) continue;
            var edge = TimeSpan.FromMicroseconds(UpperEdge(i) / 1000.0);
            return edge < Max ? edge : Max;
        }

        return Max;
    }

    private static int IndexOf(long nanoseconds)
    {
        var value = Math.Max(1, nanoseconds);
        var exponent = Math.Max(0, BitOperations.Log2((ulong)value) - SubBits);
        if (exponent >= Exponents) return ((Exponents + 1) * SubBuckets) - 1;
        return (exponent * SubBuckets) + (int)(value >> exponent);
    }

    private static double UpperEdge(int index)
    {
        // The first two rows are exact; from there each row of 64 holds one power of two.
        if (index < 2 * SubBuckets) return index;
        var exponent = (index / SubBuckets) - 1;
        var sub = index - (exponent * SubBuckets);
        return (double)(sub + 1) * (1L << exponent);
    }
}
