using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TierOperator.Benchmarks.Targets;

/// <summary>
/// What one read costs that has to wait for the one before it, in random order over so much memory: what a hit in cold memory
/// is made of, and what a machine and its neighbours make of it on a day.
/// </summary>
internal static unsafe class MemoryLatency
{
    private const int LineBytes = 64;
    private const int Reads = 2_000_000;

    /// <summary>Nanoseconds a read.</summary>
    public static double Nanoseconds(long bytes)
    {
        var lines = (int)Math.Max(2, bytes / LineBytes);
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)lines * LineBytes, LineBytes);
        try
        {
            Chain(memory, lines);
            Follow(memory, lines);
            var started = Stopwatch.GetTimestamp();
            var end = Follow(memory, Reads);
            var nanoseconds = Stopwatch.GetElapsedTime(started).TotalNanoseconds / Reads;
            return end is null ? double.NaN : nanoseconds; // the end is looked at, so that the reads are not left out
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>Each line names the next one; together they are one circle.</summary>
    private static void Chain(byte* memory, int lines)
    {
        var order = Enumerable.Range(0, lines).ToArray();
        new Random(1).Shuffle(order);
        for (var i = 0; i < lines; i++)
            *(byte**)(memory + ((long)order[i] * LineBytes)) = memory + ((long)order[(i + 1) % lines] * LineBytes);
    }

    private static byte* Follow(byte* line, int reads)
    {
        for (var i = 0; i < reads; i++) line = *(byte**)line;
        return line;
    }
}
