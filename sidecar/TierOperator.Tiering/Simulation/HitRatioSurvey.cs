using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;

namespace TierOperator.Tiering.Simulation;

/// <summary>The hit ratios (0 to 1) of a cache of one size, per eviction, beside the optimum that none can pass.</summary>
public sealed record HitRatioRow(int Entries, IReadOnlyDictionary<EvictionKind, double> HitRatios, double Optimum);

/// <summary>Replays one trace against several evictions at several sizes.</summary>
public static class HitRatioSurvey
{
    /// <summary>How many requests a survey replays in all, for whom shows its progress.</summary>
    public static long RequestsToReplay(Trace trace, int sizes, int evictions) =>
        (long)trace.Length * sizes * (evictions + 1);

    /// <summary>One row per size. <paramref name="progress"/> hears how many more requests are done.</summary>
    public static IReadOnlyList<HitRatioRow> Run(
        Trace trace, IReadOnlyList<int> sizes, IReadOnlyList<EvictionKind> evictions, Action<int>? progress = null,
        CancellationToken cancel = default)
    {
        var rows = new List<HitRatioRow>(sizes.Count);
        foreach (var entries in sizes)
        {
            var ratios = new Dictionary<EvictionKind, double>();
            foreach (var kind in evictions)
                ratios[kind] = CacheSimulator.Run(trace, EvictionPolicies.Create(kind), entries, progress, cancel).Ratio;
            var optimum = BeladyOptimum.Run(trace, entries, cancel).Ratio;
            progress?.Invoke(trace.Length);
            rows.Add(new HitRatioRow(entries, ratios, optimum));
        }

        return rows;
    }
}
