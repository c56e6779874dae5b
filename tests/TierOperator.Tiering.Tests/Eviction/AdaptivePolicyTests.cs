using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Tiering.Tests.Eviction;

public sealed class AdaptivePolicyTests
{
    private const int Entries = 300;

    /// <summary>Phases that LRU wins, then a hot set among endless fresh keys that LRU loses.</summary>
    private static Trace Seesaw(int seed)
    {
        var phases = TraceGenerator.PhaseSwitch(60_000, Entries * 9 / 10, Entries * 5, seed);
        var scan = TraceGenerator.Scan(120_000, Entries * 3, 0.9, Entries * 2, Entries * 2, seed);
        return Trace.From((IEnumerable<int>)[.. phases.Requests, .. scan.Requests.ToArray().Select(key => key + phases.DistinctKeys)]);
    }

    [Fact]
    public void Adaptive_WorkloadsThatDiffer_SwitchesAndTellsEach()
    {
        var told = new List<EvictionSwitch>();
        var policy = new AdaptivePolicy(told.Add);

        CacheSimulator.Run(Seesaw(1), policy, Entries);

        Assert.InRange(told.Count, 2, 10);
        Assert.Equal(EvictionKind.S3FIFO, told[0].From);
        Assert.Equal(EvictionKind.LRU, told[0].To);
        Assert.NotEqual(EvictionKind.LRU, told[^1].To);
        Assert.Equal(policy.InCharge, told[^1].To);
        Assert.All(told, change => Assert.NotEqual(change.From, change.To));
        Assert.All(told, change => Assert.InRange(change.ToHitRatio, 0.01, 1));
        for (var i = 1; i < told.Count; i++) Assert.Equal(told[i - 1].To, told[i].From);
    }

    [Fact]
    public void Adaptive_SteadyZipf_NeverSwitches()
    {
        var told = new List<EvictionSwitch>();

        CacheSimulator.Run(TraceGenerator.Zipf(200_000, 5_000, 0.9, 1), new AdaptivePolicy(told.Add), Entries);

        Assert.Empty(told);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Adaptive_SwitchesAmongRandomRemovals_LosesNoSlot(int seed)
    {
        var random = new Random(seed);
        var switches = 0;
        var policy = new AdaptivePolicy(_ => switches++);
        var trace = Seesaw(seed);
        var slotOf = new Dictionary<int, int>();
        var keyOf = new Dictionary<int, int>();

        foreach (var key in trace.Requests)
        {
            if (slotOf.TryGetValue(key, out var slot))
            {
                policy.Touch(slot);
            }
            else
            {
                if (keyOf.Count == Entries)
                {
                    Assert.True(policy.TryEvict(out slot));
                    Assert.True(keyOf.Remove(slot, out var victim), $"seed {seed}: slot {slot} was not held");
                    slotOf.Remove(victim);
                }

                slot = Enumerable.Range(0, Entries).First(free => !keyOf.ContainsKey(free));
                policy.Add(slot, Trace.HashOf(key), 0);
                (slotOf[key], keyOf[slot]) = (slot, key);
            }

            if (random.Next(500) == 0)
            {
                policy.Remove(slot);
                keyOf.Remove(slot, out var removed);
                slotOf.Remove(removed);
            }

            Assert.Equal(keyOf.Count, policy.Count);
        }

        Assert.True(switches >= 2, $"seed {seed}: {switches} switches");
        while (policy.TryEvict(out var slot)) Assert.True(keyOf.Remove(slot), $"seed {seed}: slot {slot} was not held");
        Assert.Empty(keyOf);
    }

    [Fact]
    public void Adaptive_SizeGrowsAndShrinks_KeepsShadowsWithinTheirBounds()
    {
        var policy = new AdaptivePolicy(null);
        CacheSimulator.Run(TraceGenerator.Zipf(50_000, 50_000, 0.6, 1), policy, 10_000);
        var atTenThousand = policy.OverheadBytes;

        while (policy.Count > 100) policy.TryEvict(out _);
        for (var key = 1_000_000; key < 1_050_000; key++)
        {
            policy.TryEvict(out var slot);
            policy.Add(slot, Trace.HashOf(key), 0);
        }

        Assert.Equal(100, policy.Count);
        Assert.InRange(policy.OverheadBytes, 1, atTenThousand + (64 * 1024));
    }

    [Fact]
    public void Adaptive_MissBeforeAdd_IsOneAccess()
    {
        var trace = Seesaw(1);
        var (withMiss, without) = (new List<EvictionSwitch>(), new List<EvictionSwitch>());

        CacheSimulator.Run(trace, new AdaptivePolicy(withMiss.Add), Entries);
        CacheSimulator.Run(trace, new Deaf(new AdaptivePolicy(without.Add)), Entries);

        Assert.Equal(without.Select(change => change.To), withMiss.Select(change => change.To));
        Assert.All(without.Zip(withMiss), pair => Assert.Equal(pair.First.ToHitRatio, pair.Second.ToHitRatio, 0.02));
    }

    [Fact]
    public void SwitchTo_Lfu_KeepsTheTouchesOfEachSlot()
    {
        var policy = Touched();

        policy.SwitchTo(EvictionKind.LFU);

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], Victims(policy));
    }

    [Fact]
    public void SwitchTo_LruAndBack_KeepsTheTouchedLongest()
    {
        var policy = Touched();

        policy.SwitchTo(EvictionKind.LRU);
        policy.SwitchTo(EvictionKind.S3FIFO);

        var victims = Victims(policy);
        Assert.Equal([0, 1], victims.Take(2).Order());
        Assert.Equal(10, victims.Distinct().Count());
    }

    [Fact]
    public void Add_VictimThatComesBack_KeepsItsTouches()
    {
        var policy = Touched();
        var victims = Victims(policy);

        foreach (var slot in victims) policy.Add(slot, Trace.HashOf(slot), 0);
        policy.SwitchTo(EvictionKind.LFU);

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], Victims(policy));
    }

    [Fact]
    public void Adaptive_FarBelowItsSize_DoesNotJudge()
    {
        const int few = 100;
        var policy = new AdaptivePolicy(null);
        for (var slot = 0; slot < Entries; slot++) policy.Add(slot, Trace.HashOf(1_000_000 + slot), 0);
        Assert.True(policy.TryEvict(out _));
        for (var slot = 0; slot < Entries; slot++) policy.Remove(slot);

        var slots = new int[few];
        Array.Fill(slots, -1);
        foreach (var key in TraceGenerator.PhaseSwitch(100_000, few * 9 / 10, few * 5, seed: 1).Requests)
        {
            var slot = key % few;
            if (slots[slot] == key)
            {
                policy.Touch(slot);
                continue;
            }

            if (slots[slot] >= 0) policy.Remove(slot);
            policy.Add(slot, Trace.HashOf(key), 0);
            slots[slot] = key;
        }

        Assert.True(policy.TryEvict(out _));
        Assert.Equal(EvictionKind.S3FIFO, policy.InCharge);
    }

    [Fact]
    public void Contest_TwiceTheSize_ThinsItsSampleToHalf()
    {
        var contest = new ShadowContest();
        for (var print = 1u; print <= ShadowContest.MaxEntries; print++)
            contest.Observe(print, ShadowContest.MaxEntries, EvictionKind.S3FIFO, isJudged: true);

        contest.Observe(1, ShadowContest.MaxEntries + 2, EvictionKind.S3FIFO, isJudged: true);

        Assert.Equal(ShadowContest.MaxEntries / 2, contest.Held(EvictionKind.LRU));
    }

    /// <summary>Ten slots, the slot's number of touches each.</summary>
    private static AdaptivePolicy Touched()
    {
        var policy = new AdaptivePolicy(null);
        for (var slot = 9; slot >= 0; slot--) policy.Add(slot, Trace.HashOf(slot), 0);
        for (var slot = 0; slot < 10; slot++)
            for (var touch = 0; touch < slot; touch++) policy.Touch(slot);
        return policy;
    }

    private static List<int> Victims(AdaptivePolicy policy)
    {
        var victims = new List<int>();
        while (policy.TryEvict(out var slot)) victims.Add(slot);
        return victims;
    }

    /// <summary>A policy that is told of no miss.</summary>
    private sealed class Deaf(IEvictionPolicy policy) : IEvictionPolicy
    {
        public int Count => policy.Count;

        public long OverheadBytes => policy.OverheadBytes;

        public void Add(int slot, ulong keyHash, long createdMs) => policy.Add(slot, keyHash, createdMs);

        public void Touch(int slot) => policy.Touch(slot);

        public void Miss(ulong keyHash)
        {
        }

        public void Remove(int slot) => policy.Remove(slot);

        public bool TryEvict(out int slot) => policy.TryEvict(out slot);
    }
}
