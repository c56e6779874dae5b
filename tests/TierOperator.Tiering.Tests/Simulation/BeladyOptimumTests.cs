using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Tiering.Tests.Simulation;

public sealed class BeladyOptimumTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_SmallTraces_IsTheBestOfAllChoices(int entries)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var trace = Trace.From(Enumerable.Range(0, 12).Select(_ => random.Next(5)));

            var best = BestOf(trace.Requests, [], entries);

            Assert.True(best == BeladyOptimum.Run(trace, entries).Hits, $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(EvictionKind.LRU)]
    [InlineData(EvictionKind.LFU)]
    [InlineData(EvictionKind.S3FIFO)]
    [InlineData(EvictionKind.Adaptive)]
    public void Run_Zipf_NoEvictionPassesIt(EvictionKind kind)
    {
        var trace = TraceGenerator.Zipf(50_000, 3_000, 0.9, 1);

        var hits = CacheSimulator.Run(trace, EvictionPolicies.Create(kind), 100).Hits;

        Assert.InRange(hits, 1, BeladyOptimum.Run(trace, 100).Hits);
    }

    /// <summary>Tries every victim at every miss, not admitting the newcomer among them.</summary>
    private static int BestOf(ReadOnlySpan<int> requests, HashSet<int> held, int entries)
    {
        if (requests.IsEmpty) return 0;
        var key = requests[0];
        var rest = requests[1..];
        if (held.Contains(key)) return 1 + BestOf(rest, held, entries);
        if (held.Count < entries) return BestOf(rest, [.. held, key], entries);
        var best = BestOf(rest, held, entries);
        foreach (var victim in held)
            best = Math.Max(best, BestOf(rest, [.. held.Where(other => other != victim), key], entries));
        return best;
    }
}
