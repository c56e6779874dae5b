using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Tests.Memory;

public sealed class AccessTallyTests
{
    [Fact]
    public void ClassOf_EachBoundAndRandomTimes_IsWhereABoundIsPassed()
    {
        var seed = Environment.GetEnvironmentVariable("TIER_SEED") is { } set ? int.Parse(set, null) : Random.Shared.Next();
        var random = new Random(seed);
        var times = AccessTally.BoundsMs.ToArray().SelectMany(static bound => new[] { bound - 1, bound, bound + 1 })
            .Concat(Enumerable.Range(0, 20_000).Select(_ => random.NextInt64(1L << random.Next(1, 50))))
            .Concat([long.MinValue, -1, 0, long.MaxValue]);

        foreach (var time in times)
            Assert.True(Passed(time) == AccessTally.ClassOf(time), $"{time} ms is in class {AccessTally.ClassOf(time)}, seed {seed}");
    }

    [Fact]
    public void Names_AreOneMoreThanBounds() => Assert.Equal(AccessTally.BoundsMs.Length + 1, AccessTally.Names.Count);

    private static int Passed(long time) => AccessTally.BoundsMs.ToArray().Count(bound => time >= bound);
}
