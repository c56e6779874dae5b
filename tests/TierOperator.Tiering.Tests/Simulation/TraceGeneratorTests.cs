using TierOperator.Tiering.Simulation;

namespace TierOperator.Tiering.Tests.Simulation;

public sealed class TraceGeneratorTests
{
    [Fact]
    public void Zipf_SameSeed_IsTheSameTrace()
    {
        var one = TraceGenerator.Zipf(1_000, 100, 1, seed: 3);
        var other = TraceGenerator.Zipf(1_000, 100, 1, seed: 3);

        Assert.Equal(one.Requests.ToArray(), other.Requests.ToArray());
    }

    [Fact]
    public void Zipf_AlphaOne_GivesTheMostPopularKeyItsWeight()
    {
        var trace = TraceGenerator.Zipf(100_000, 100, 1, seed: 1);

        var most = trace.Requests.ToArray().CountBy(key => key).Max(pair => pair.Value);

        Assert.Equal(1 / Enumerable.Range(1, 100).Sum(rank => 1.0 / rank), most / 100_000.0, 0.01);
    }

    [Fact]
    public void Loop_WithoutHotSet_ComesBackInOrder()
    {
        var trace = TraceGenerator.Loop(7, loopKeys: 3, hotKeys: 1, hotShare: 0, seed: 1);

        Assert.Equal([0, 1, 2, 0, 1, 2, 0], trace.Requests.ToArray());
    }

    [Fact]
    public void Scan_FreshKeys_AreAskedForOnce()
    {
        var trace = TraceGenerator.Scan(10_000, hotKeys: 10, alpha: 0, scanEvery: 10, scanLength: 10, seed: 1);

        var counts = trace.Requests.ToArray().CountBy(key => key).ToArray();

        Assert.Equal(5_010, counts.Length);
        Assert.Equal(5_000, counts.Count(pair => pair.Value == 1));
    }

    [Fact]
    public void PhaseSwitch_Phases_ShareNoKey()
    {
        var requests = TraceGenerator.PhaseSwitch(2_000, keysPerPhase: 50, phaseLength: 1_000, seed: 1).Requests.ToArray();

        Assert.Empty(requests[..1_000].Intersect(requests[1_000..]));
    }
}
