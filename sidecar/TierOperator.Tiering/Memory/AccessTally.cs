using System.Numerics;
using System.Runtime.CompilerServices;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// Reads of one rule that one tier answered: how many, their bytes, and how long after the session's last access each came.
/// </summary>
/// <remarks>
/// Under a shard's lock <see cref="Add_NeedsLock"/> counts, elsewhere <see cref="Add"/>; never both on one tally. Reading needs no lock:
/// the numbers are each whole, and only about of one moment.
/// </remarks>
internal sealed class AccessTally
{
    /// <summary>Where one class of intervals ends and the next begins; whatever is longer stands in one more.</summary>
    public static ReadOnlySpan<long> BoundsMs => [1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000];

    /// <summary>The bounds as people and labels call them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["1s", "10s", "1m", "10m", "1h", "6h", "1d", "7d", "longer"];

    private long _hits, _bytes;
    private Classes _after;

    public long Hits => Volatile.Read(ref _hits);
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add_NeedsLock(long bytes, long sinceMs)
    {
        _hits++;
        _bytes += bytes;
        _after[ClassOf(sinceMs)]++;
    }

    public void Add(long bytes, long sinceMs)
    {
        Interlocked.Increment(ref _hits);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _after[ClassOf(sinceMs)]);
    }

    /// <summary>Reads that came so long after the last access: <see cref="BoundsMs"/>.</summary>
    public long After(int interval) => Volatile.Read(ref _after[interval]);

    /// <summary>
    /// No two bounds lie within one power of two, so the number of leading zeros leaves a single comparison: a hit in memory pays for this.
    /// </summary>
    public static int ClassOf(long sinceMs)
    {
        if (sinceMs < BoundsMs[0]) return 0;
        var lowest = FirstOfPower[Math.Min(BitOperations.Log2((ulong)sinceMs), FirstOfPower.Length - 1)];
        return lowest < BoundsMs.Length && sinceMs >= BoundsMs[lowest] ? lowest + 1 : lowest;
    }

    // Of each power of two the first class that an interval from there on can be in.
    private static ReadOnlySpan<byte> FirstOfPower =>
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 7, 8];

    [InlineArray(9)]
    private struct Classes
    {
        private long _first;
    }
}
