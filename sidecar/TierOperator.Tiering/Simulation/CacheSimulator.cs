using TierOperator.Tiering.Eviction;

namespace TierOperator.Tiering.Simulation;

/// <summary>What a cache of a size made of a trace.</summary>
public readonly record struct HitCount(long Hits, long Requests)
{
    /// <summary>From 0 to 1; 0 when nothing was asked.</summary>
    public double Ratio => Requests == 0 ? 0 : (double)Hits / Requests;
}

/// <summary>
/// Replays a trace against an eviction policy whose cache holds a fixed number of entries: every miss is loaded, one
/// entry is evicted for it when the cache is full.
/// </summary>
public static class CacheSimulator
{
    private const int Absent = -1;
    private const int ProgressEvery = 1 << 16;

    /// <summary>Replays the whole trace. <paramref name="progress"/> hears how many more requests are done.</summary>
    public static HitCount Run(
        Trace trace, IEvictionPolicy policy, int entries, Action<int>? progress = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(entries, 1);
        var slotOf = new int[trace.DistinctKeys];
        Array.Fill(slotOf, Absent);
        var keyOf = new int[Math.Min(entries, trace.DistinctKeys)];
        long hits = 0;
        var done = 0;
        foreach (var key in trace.Requests)
        {
            if (++done % ProgressEvery == 0)
            {
                cancel.ThrowIfCancellationRequested();
                progress?.Invoke(ProgressEvery);
            }

            if (slotOf[key] != Absent)
            {
                hits++;
                policy.Touch(slotOf[key]);
            }
            else
            {
                Load(key, done, policy, slotOf, keyOf);
            }
        }

        progress?.Invoke(done % ProgressEvery);
        return new HitCount(hits, trace.Length);
    }

    private static void Load(int key, long nowMs, IEvictionPolicy policy, int[] slotOf, int[] keyOf)
    {
        var hash = Trace.HashOf(key);
        policy.Miss(hash);
        var slot = policy.Count;
        if (slot == keyOf.Length && policy.TryEvict(out slot)) slotOf[keyOf[slot]] = Absent;
        policy.Add(slot, hash, nowMs);
        (keyOf[slot], slotOf[key]) = (key, slot);
    }
}
