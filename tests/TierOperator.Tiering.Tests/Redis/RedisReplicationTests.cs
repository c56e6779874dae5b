using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>What is to be acknowledged by Redis is so only once a replica has it, where there is one.</summary>
public sealed class RedisReplicationTests
{
    private readonly Changes _changes = new();

    [Fact]
    public async Task Apply_Replicated_WaitsForAReplica_AndForNoneWhereThereIsNone()
    {
        await using var primary = await RedisServer.StartAsync("--repl-diskless-sync-delay", "0");
        await using var tier = await RedisTiers.OpenHealthyAsync(primary.Url, RedisTiers.Options(timeoutSeconds: 0.3));
        var alone = await ApplyAsync(tier, 1);
        await using var replica = await RedisServer.StartAsync("--replicaof", $"127.0.0.1 {primary.Port}");
        await Eventually.HoldsAsync(async () => (await primary.RunAsync("INFO", "replication")).Contains("state=online", StringComparison.Ordinal), () => "the replica does not follow");
        await primary.RunAsync("CONFIG", "SET", "repl-timeout", "60");
        var followed = await ApplyAsync(tier, 2);

        replica.Freeze();
        var version = 3u;
        await Eventually.HoldsAsync(async () => await ApplyAsync(tier, version++) == RemoteStatus.Unavailable, () => "a write counts as replicated though the replica is frozen");
        replica.Thaw();
        await Eventually.HoldsAsync(async () => await ApplyAsync(tier, version++) == RemoteStatus.Applied, () => "a write does not count as replicated though the replica follows");

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.Applied), (alone, followed));
    }

    private async Task<RemoteStatus> ApplyAsync(Tiering.Redis.RedisTier tier, uint version)
        => (await tier.ApplyAsync([_changes.Put("s", version, ("i", "v")) with { IsReplicated = true }], CancellationToken.None))[0].Status;
}
