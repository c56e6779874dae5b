namespace TierOperator.Tiering.Simulation;

/// <summary>
/// The optimum that no eviction can pass: with the future known, the entry whose next use is farthest goes, and that may
/// be the newcomer itself. Source: Belady, "A study of replacement algorithms for a virtual-storage computer" (1966).
/// </summary>
public static class BeladyOptimum
{
    private const int Never = int.MaxValue;

    /// <summary>Counts the hits of a cache of that many entries.</summary>
    public static HitCount Run(Trace trace, int entries, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(entries, 1);
        var next = NextUses(trace);
        var nextOfHeld = new int[trace.DistinctKeys];  // 0: not held, since no next use is at 0
        var farthest = new PriorityQueue<int, int>();  // stale pairs stay in it: their use is past, so never the farthest
        long hits = 0;
        var held = 0;
        for (var at = 0; at < trace.Length; at++)
        {
            if (at % 65536 == 0) cancel.ThrowIfCancellationRequested();
            var key = trace.Requests[at];
            if (nextOfHeld[key] != 0) hits++;
            else held++;
            nextOfHeld[key] = next[at];
            farthest.Enqueue(key, -next[at]);
            if (held <= entries) continue;
            nextOfHeld[farthest.Dequeue()] = 0;
            held--;
        }

        return new HitCount(hits, trace.Length);
    }

    private static int[] NextUses(Trace trace)
    {
        var next = new int[trace.Length];
        var seen = new int[trace.DistinctKeys];
        Array.Fill(seen, Never);
        for (var at = trace.Length - 1; at >= 0; at--)
        {
            var key = trace.Requests[at];
            next[at] = seen[key];
            seen[key] = at;
        }

        return next;
    }
}
