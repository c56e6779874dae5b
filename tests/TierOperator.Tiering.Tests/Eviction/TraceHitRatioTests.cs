using TierOperator.Policy.Compiled;
using TierOperator.TestKit;
using TierOperator.Tiering.Eviction;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Tiering.Tests.Eviction;

/// <summary>Hit ratios on the real traces against the published columns, in percent; 1 and 10 % of the distinct keys.</summary>
public sealed class TraceHitRatioTests
{
    /// <summary>The columns as published; best is the highest of LRU, LFU, FIFO, ARC, LIRS, S3-FIFO and SIEVE.</summary>
    private sealed record Published(
        string File, int Entries, double Lru, double Lfu, double Fifo, double S3Fifo, double Best, double Belady);

    private static readonly Published[] s_published =
    [
        new("web07.trace.gz", 204, 39.1, 30.6, 36.3, 43.8, 43.8, 53.4),
        new("web07.trace.gz", 2048, 55.7, 51.6, 53.1, 58.1, 58.1, 68.1),
        new("orm-busy.trace.gz", 607, 70.0, 14.2, 69.1, 72.1, 72.1, 80.9),
        new("orm-busy.trace.gz", 6073, 86.0, 59.4, 85.0, 87.1, 87.1, 91.9),
    ];

    private static readonly Dictionary<string, Trace> s_traces = s_published.Select(row => row.File).Distinct()
        .ToDictionary(file => file, file => TraceFile.Read(TestData.PathOf(file), limit: 2_000_000));

    [Fact]
    public void Traces_AsRead_HaveThePublishedKeys()
    {
        Assert.Equal((76_118, 20_484), (s_traces["web07.trace.gz"].Length, s_traces["web07.trace.gz"].DistinctKeys));
        Assert.Equal((2_000_000, 60_734), (s_traces["orm-busy.trace.gz"].Length, s_traces["orm-busy.trace.gz"].DistinctKeys));
    }

    [Fact]
    public void LruLfuAgeAndBelady_OnTraces_AreThePublishedColumns()
    {
        foreach (var row in s_published)
        {
            Assert.Equal(row.Lru, Percent(row, EvictionKind.LRU), 0.1);
            Assert.Equal(row.Lfu, Percent(row, EvictionKind.LFU), 0.1);
            Assert.Equal(row.Fifo, Percent(row, EvictionKind.Age), 0.1);
            Assert.Equal(row.Belady, 100 * BeladyOptimum.Run(s_traces[row.File], row.Entries).Ratio, 0.1);
        }
    }

    [Fact]
    public void S3Fifo_OnTraces_IsAtMostHalfAPointUnderThePublishedColumn()
    {
        foreach (var row in s_published)
            Assert.InRange(Percent(row, EvictionKind.S3FIFO), row.S3Fifo - 0.5, row.Belady);
    }

    [Fact]
    public void Adaptive_OnTraces_IsNearTheBestOnAverageAndNeverFarUnderLru()
    {
        var adaptive = s_published.Select(row => Percent(row, EvictionKind.Adaptive)).ToArray();

        for (var i = 0; i < adaptive.Length; i++) Assert.InRange(adaptive[i], s_published[i].Lru - 1, s_published[i].Belady);
        Assert.InRange(s_published.Zip(adaptive, (row, ratio) => row.Best - ratio).Average(), -20, 1.0);
    }

    private static double Percent(Published row, EvictionKind kind) =>
        100 * CacheSimulator.Run(s_traces[row.File], EvictionPolicies.Create(kind), row.Entries).Ratio;
}
