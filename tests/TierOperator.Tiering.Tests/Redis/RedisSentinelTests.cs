using System.Diagnostics;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

public sealed class RedisSentinelTests
{
    private readonly Changes _changes = new();

    [Fact]
    public async Task Tier_PrimaryKilled_FollowsTheSwitchWithinTwoSeconds()
    {
        await using var sentinels = await RedisSentinels.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(sentinels.Url, RedisTiers.Options(timeoutSeconds: 0.2));
        var forgotten = 0;
        tier.Forgot += () => Interlocked.Increment(ref forgotten);
        await using var load = new RedisLoad(tier, _changes);

        sentinels.Primary.Kill();
        await sentinels.UntilSwitchedAsync();
        var switched = Stopwatch.GetTimestamp();
        await RedisTiers.IsAsync(tier, RemoteHealth.Healthy);
        await Eventually.HoldsAsync(
            async () => (await tier.ApplyAsync([_changes.Put("after", 1, ("i", "v"))], default))[0].Status is RemoteStatus.Applied or RemoteStatus.Older, () => $"the tier is {tier.State}");
        var healed = Stopwatch.GetElapsedTime(switched);
        await load.EndAsync();

        Assert.InRange(healed.TotalSeconds, 0, 2);
        await Eventually.HoldsAsync(() => Volatile.Read(ref forgotten) > 0, () => "nobody was told that the new primary may lack writes");
    }

    [Fact]
    public async Task Tier_ServiceThatSentinelsDoNotKnow_SaysSo()
    {
        await using var sentinels = await RedisSentinels.StartAsync();
        await using var tier = RedisTiers.Open(sentinels.Url.Replace("/" + RedisSentinels.Service, "/other", StringComparison.Ordinal));
        tier.Start();

        await RedisTiers.IsAsync(tier, RemoteHealth.Unavailable);

        Assert.Contains("no service of that name", tier.State.Reason, StringComparison.Ordinal);
    }
}
