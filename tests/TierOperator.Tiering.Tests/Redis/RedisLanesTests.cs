using TierOperator.Tiering.Redis;

namespace TierOperator.Tiering.Tests.Redis;

public sealed class RedisLanesTests
{
    private static readonly TimeSpan s_old = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_young = TimeSpan.FromSeconds(1);

    private readonly RedisLanes _lanes = new();

    [Fact]
    public void IsGap_NumbersInARow_IsNone()
    {
        Assert.All(Enumerable.Range(1, 10), number => Assert.False(_lanes.IsGap(1, (uint)number, s_young, s_old)));
    }

    [Fact]
    public void IsGap_NumberSkipped_IsOneOnce()
    {
        _lanes.IsGap(1, 1, s_young, s_old);

        Assert.True(_lanes.IsGap(1, 3, s_young, s_old));
        Assert.False(_lanes.IsGap(1, 4, s_young, s_old));
        Assert.False(_lanes.IsGap(1, 2, s_young, s_old));
    }

    [Fact]
    public void IsGap_LaneOlderThanTheListener_MayBeginAnywhere() => Assert.False(_lanes.IsGap(1, 900, s_old, s_young));

    [Fact]
    public void IsGap_LaneYoungerThanTheListener_BeginsWithOne() => Assert.True(_lanes.IsGap(1, 2, s_young, s_old));

    [Fact]
    public void IsGap_ManyLanes_ForgetsOnlyTheOldest()
    {
        for (var lane = 0ul; lane < 10_000; lane++) _lanes.IsGap(lane, 1, s_young, s_old);

        Assert.True(_lanes.IsGap(9_999, 3, s_young, s_old));
    }
}
