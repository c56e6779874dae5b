using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;

namespace TierOperator.Tiering.Tests.Eviction;

public sealed class ShadowCacheTests
{
    [Theory]
    [InlineData(EvictionKind.LRU)]
    [InlineData(EvictionKind.LFU)]
    [InlineData(EvictionKind.S3FIFO)]
    public void Access_ChangingSizes_HitsAsItsModelDoes(EvictionKind kind)
    {
        var random = new Random(7);
        var shadow = new ShadowCache(EvictionPolicies.Create(kind), 64);
        var model = NaiveEviction.Create(kind);
        var held = new HashSet<int>();
        var capacity = 64;

        for (var step = 0; step < 50_000; step++)
        {
            if (step % 1_000 == 0) capacity = random.Next(1, 65);
            var key = (int)(200 * random.NextDouble() * random.NextDouble()) + 1;
            Assert.Equal(held.Contains(key), shadow.Access((uint)key * 0x10001u, capacity));
            Access(model, held, key, capacity);
            Assert.Equal(held.Count, shadow.Count);
        }
    }

    [Fact]
    public void Thin_HalfTheSample_KeepsTheOtherHalf()
    {
        var shadow = new ShadowCache(EvictionPolicies.Create(EvictionKind.LRU), 512);
        for (var print = 1u; print <= 500; print++) shadow.Access(print, 512);

        shadow.Thin(1);

        Assert.Equal(250, shadow.Count);
        for (var print = 2u; print <= 500; print += 2) Assert.True(shadow.Access(print, 512));
        Assert.False(shadow.Access(1, 512));
    }

    private static void Access(NaiveEviction model, HashSet<int> held, int key, int capacity)
    {
        if (held.Contains(key))
        {
            model.Touch(key);
            return;
        }

        while (held.Count > capacity - 1) held.Remove(model.Evict());
        held.Add(key);
        model.Add(key, (ulong)key, 0);
    }
}
