using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;

namespace TierOperator.Tiering.Tests.Eviction;

/// <summary>Every eviction against its naive double, call by call, with slots reused at random.</summary>
public sealed class EvictionModelTests
{
    private const int Operations = 20_000;

    public static TheoryData<EvictionKind, int> Runs()
    {
        var runs = new TheoryData<EvictionKind, int>();
        foreach (var kind in new[] { EvictionKind.LRU, EvictionKind.LFU, EvictionKind.Age, EvictionKind.S3FIFO })
            for (var seed = 1; seed <= 5; seed++) runs.Add(kind, seed);
        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Eviction_AnyCalls_NamesTheVictimsOfItsModel(EvictionKind kind, int seed)
    {
        var random = new Random(seed);
        var world = new SlotWorld(random, slots: 30 + (seed * 7), keys: 120);
        var policy = EvictionPolicies.Create(kind);
        var model = NaiveEviction.Create(kind);

        for (var step = 0; step < Operations; step++)
        {
            Step(world, random, policy, model, $"{kind}, seed {seed}, step {step}");
            Assert.Equal(model.Count, policy.Count);
        }

        while (model.Count > 0)
        {
            Assert.True(policy.TryEvict(out var victim));
            Assert.Equal(model.Evict(), victim);
        }

        Assert.False(policy.TryEvict(out _));
    }

    private static void Step(SlotWorld world, Random random, IEvictionPolicy policy, NaiveEviction model, string where)
    {
        switch (random.Next(10))
        {
            case < 4 when world.TryTake(out var slot, out var key):
                var createdMs = random.Next(50);
                policy.Add(slot, key, createdMs);
                model.Add(slot, key, createdMs);
                break;
            case < 8 when world.TryPick(out var slot):
                policy.Touch(slot);
                model.Touch(slot);
                break;
            case 8 when world.TryPick(out var slot):
                policy.Remove(slot);
                model.Remove(slot);
                world.Free(slot);
                break;
            case 9 when random.Next(2) == 0:
                policy.Miss(world.AnyKey());
                break;
            default:
                Assert.Equal(model.Count > 0, policy.TryEvict(out var victim));
                if (model.Count == 0) break;
                var expected = model.Evict();
                Assert.True(expected == victim, $"{where}: expected {expected}, got {victim}");
                world.Free(victim);
                break;
        }
    }
}
