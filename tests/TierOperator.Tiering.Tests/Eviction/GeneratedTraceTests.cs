using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Tiering.Tests.Eviction;

/// <summary>Adaptive on traces on which one of LRU and LFU fails.</summary>
public sealed class GeneratedTraceTests
{
    [Theory]
    [InlineData(200)]
    [InlineData(1_000)]
    [InlineData(5_000)]
    public void Adaptive_OnLoopScanAndPhases_IsWithinTwoPointsOfEachWinner(int entries)
    {
        var loop = TraceGenerator.Loop(entries * 200, entries * 5, entries * 8 / 10, 0.5, seed: 1);
        var scan = TraceGenerator.Scan(entries * 200, entries * 3, 0.8, entries * 2, entries * 2, seed: 1);
        var phases = TraceGenerator.PhaseSwitch(entries * 200, entries * 9 / 10, entries * 5, seed: 1);

        Assert.InRange(LruOverLfu("loop", loop, entries), double.NegativeInfinity, -5);
        Assert.InRange(LruOverLfu("scan", scan, entries), double.NegativeInfinity, -5);
        Assert.InRange(LruOverLfu("phases", phases, entries), 5, double.PositiveInfinity);
    }

    /// <summary>Checks Adaptive against the winner of all fixed evictions and answers by how much LRU won over LFU.</summary>
    private static double LruOverLfu(string name, Trace trace, int entries)
    {
        var lru = Percent(trace, EvictionKind.LRU, entries);
        var lfu = Percent(trace, EvictionKind.LFU, entries);
        var winner = Math.Max(Math.Max(lru, lfu), Percent(trace, EvictionKind.S3FIFO, entries));

        var adaptive = Percent(trace, EvictionKind.Adaptive, entries);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{name}, {entries} entries: LRU {lru:F1}, LFU {lfu:F1}, winner {winner:F1}, Adaptive {adaptive:F1}");
        Assert.InRange(adaptive, winner - 2, 100);
        return lru - lfu;
    }

    private static double Percent(Trace trace, EvictionKind kind, int entries) =>
        100 * CacheSimulator.Run(trace, EvictionPolicies.Create(kind), entries).Ratio;
}
