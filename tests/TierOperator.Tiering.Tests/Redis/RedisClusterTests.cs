using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>What every remote tier has to do, against a Cluster.</summary>
public sealed class RedisClusterTierTests(RedisClusterFixture cluster) : RemoteTierContractTests, IClassFixture<RedisClusterFixture>
{
    protected override ValueTask<IRemoteTier> OpenAsync(RemoteTierOptions options)
        => new(RedisTiers.Open(cluster.Cluster.Servers[0].Url, options, topology: RedisTopologyKind.Cluster));
}

public sealed class RedisClusterFixture : IAsyncLifetime
{
    public RedisCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await RedisCluster.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

/// <summary>A Cluster that changes under load.</summary>
public sealed class RedisClusterTests
{
    private readonly Changes _changes = new();

    [Fact]
    public async Task Tier_LiveResharding_LosesNothingAndAnswersAll()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(cluster.Servers[0].Url, topology: RedisTopologyKind.Cluster);
        await using var load = new RedisLoad(tier, _changes);

        await cluster.ReshardAsync(cluster.Servers[0], cluster.Servers[1], 1500);
        await load.EndAsync();

        Assert.Empty(load.Failures);
        Assert.InRange(load.Written, 100, int.MaxValue);
        await load.AssertEverythingIsThereAsync();
    }

    // A slot that stays halfway: without ASKING the two servers would send the reader to and fro until its time is over.
    [Fact]
    public async Task Read_SessionThatHasMovedOfASlotThatHasNot_IsFollowedThere()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(cluster.Servers[0].Url, topology: RedisTopologyKind.Cluster);
        await tier.ApplyAsync([_changes.Put("half", 1, ("i", "v"))], default);
        var primaries = cluster.Servers.Take(3).ToList();
        var keys = await Task.WhenAll(primaries.Select(server => server.RunAsync("KEYS", "*:s:{:half}")));
        var (key, from) = (keys.Single(static found => found.Length > 0), primaries[Array.FindIndex(keys, static found => found.Length > 0)]);
        var to = primaries.First(server => server != from);
        var slot = await from.RunAsync("CLUSTER", "KEYSLOT", key);

        await to.RunAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", await from.RunAsync("CLUSTER", "MYID"));
        await from.RunAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", await to.RunAsync("CLUSTER", "MYID"));
        await from.RunAsync("MIGRATE", "127.0.0.1", $"{to.Port}", key, "0", "5000");
        var read = await tier.ReadItemAsync("half"u8.ToArray(), "i"u8.ToArray(), default);

        Assert.Equal("", await from.RunAsync("KEYS", key));
        Assert.Equal(RemoteReadStatus.Found, read.Status);
    }

    [Fact]
    public async Task Apply_BatchWithAPartThatIsFrozen_TellsTheOthersWithoutWaitingForIt()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(cluster.Servers[0].Url, RedisTiers.Options(timeoutSeconds: 3), topology: RedisTopologyKind.Cluster);
        var changes = Enumerable.Range(0, 60).Select(i => _changes.Put($"s{i}", 1, ("i", "v"))).ToList();
        var told = new ConcurrentDictionary<int, (RemoteResult Result, TimeSpan After)>();

        cluster.Servers[1].Freeze();
        var started = Stopwatch.GetTimestamp();
        var results = await tier.ApplyEachAsync(changes, (place, result) => told[place] = (result, Stopwatch.GetElapsedTime(started)), default);
        cluster.Servers[1].Thaw();

        var (applied, away) = (told.Values.Where(static one => one.Result.Status == RemoteStatus.Applied).ToList(), told.Values.Where(static one => one.Result.Status == RemoteStatus.Unavailable).ToList());
        Assert.Equal(results, told.OrderBy(static one => one.Key).Select(static one => one.Value.Result));
        Assert.InRange(applied.Count, 20, 59);
        Assert.Equal(60 - applied.Count, away.Count);
        Assert.All(away, static one => Assert.True(one.Result.IsPartAway));
        Assert.True(applied.Max(static one => one.After) < away.Min(static one => one.After), $"the last answer came after {applied.Max(static one => one.After)}, the first that never came after {away.Min(static one => one.After)}");
    }

    [Fact]
    public async Task Tier_PrimaryKilled_WorksWithinTwoSecondsOfThePromotion()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(cluster.Servers[1].Url, RedisTiers.Options(timeoutSeconds: 0.2), topology: RedisTopologyKind.Cluster);
        var replica = await cluster.ReplicaOfAsync(cluster.Servers[0]);
        var forgotten = 0;
        tier.Forgot += () => Interlocked.Increment(ref forgotten);
        await using var load = new RedisLoad(tier, _changes);

        cluster.Servers[0].Kill();
        await cluster.UntilPromotedAsync(replica);
        var promoted = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(() => AllSlotsAnswerAsync(tier), () => $"the tier is {tier.State}");
        var healed = Stopwatch.GetElapsedTime(promoted);
        await load.EndAsync();

        Assert.InRange(healed.TotalSeconds, 0, 2);
        await Eventually.HoldsAsync(() => Volatile.Read(ref forgotten) > 0, () => "nobody was told that the new primary may lack writes");
    }

    // A hundred sessions lie on all primaries.
    private async Task<bool> AllSlotsAnswerAsync(RedisTier tier)
    {
        var results = await tier.ApplyAsync([.. Enumerable.Range(0, 100).Select(i => _changes.Put($"probe{i}", 1, ("i", "v")))], default);
        return results.All(result => result.Status is RemoteStatus.Applied or RemoteStatus.Older);
    }
}

/// <summary>Writers that go on while a server changes, and what they were told.</summary>
internal sealed class RedisLoad : IAsyncDisposable
{
    private const int Writers = 4;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, uint> _acknowledged = new();
    private readonly RedisTier _tier;
    private readonly Changes _changes;
    private readonly Task _running;

    public RedisLoad(RedisTier tier, Changes changes)
    {
        (_tier, _changes) = (tier, changes);
        _running = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer))));
    }

    public ConcurrentQueue<string> Failures { get; } = new();
    public int Written => _acknowledged.Count;

    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async Task AssertEverythingIsThereAsync()
    {
        foreach (var (session, number) in _acknowledged)
        {
            var read = await _tier.ReadItemAsync(Encoding.UTF8.GetBytes(session), "i"u8.ToArray(), default);
            Assert.True(read.Status == RemoteReadStatus.Found && read.Item.Version == Changes.Version(number), $"{session}: {read.Status}, {read.Item.Version.Stamp} instead of {number}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stop.Dispose();
    }

    private async Task WriteAsync(int writer)
    {
        for (var number = 1u; !_stop.IsCancellationRequested; number++)
        {
            var session = $"w{writer}-{number % 400}";
            var results = await _tier.ApplyAsync([_changes.Put(session, number, ("i", $"v{number}")) with { IsWhole = true }], default);
            if (results[0].Status is RemoteStatus.Applied) _acknowledged[session] = number;
            else Failures.Enqueue($"{session}: {results[0].Status} {results[0].Detail}");
            await Task.Yield();
        }
    }
}
