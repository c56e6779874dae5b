using System.Diagnostics;
using System.Text;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>A server that dies, freezes, fills up, forgets or refuses: a state that says what to do, and healing by itself.</summary>
public sealed class RedisFaultTests
{
    private readonly Changes _changes = new();

    [Fact]
    public async Task Read_FrozenServer_CostsTheDeadlineAndHeals()
    {
        await using var server = await RedisServer.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(server.Url, RedisTiers.Options(timeoutSeconds: 0.2));
        await PutAsync(tier, "s", 1);

        server.Freeze();
        var started = Stopwatch.GetTimestamp();
        var reads = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => ReadAsync(tier, "s")));
        var elapsed = Stopwatch.GetElapsedTime(started);
        await RedisTiers.IsAsync(tier, RemoteHealth.Unavailable);
        var reason = tier.State.Reason;
        server.Thaw();
        await RedisTiers.IsAsync(tier, RemoteHealth.Healthy);

        Assert.All(reads, read => Assert.Equal(RemoteReadStatus.Unavailable, read.Status));
        // The bound is measured by the benchmark; here it only must not be the server's.
        Assert.InRange(elapsed.TotalSeconds, 0.19, 2);
        Assert.NotNull(reason);
        Assert.Equal(RemoteReadStatus.Found, (await ReadAsync(tier, "s")).Status);
    }

    [Fact]
    public async Task Tier_ServerKilledAndStartedAnew_ForgetsAndHeals()
    {
        await using var server = await RedisServer.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(server.Url, RedisTiers.Options(timeoutSeconds: 0.2));
        await PutAsync(tier, "s", 1);
        var forgotten = 0;
        tier.Forgot += () => Interlocked.Increment(ref forgotten);

        server.Kill();
        await RedisTiers.IsAsync(tier, RemoteHealth.Unavailable);

        // First that the connection broke, then, when a new one was refused, what to do.
        await Eventually.HoldsAsync(() => tier.State.Reason!.Contains("start it", StringComparison.Ordinal), () => $"the reason stays: {tier.State.Reason}");
        var dead = await tier.ApplyAsync([_changes.Put("s", 2, ("i", "v"))], default);
        await server.RestartAsync();
        await RedisTiers.IsAsync(tier, RemoteHealth.Healthy);
        await Eventually.HoldsAsync(() => Volatile.Read(ref forgotten) > 0, () => "nothing was told of the loss");

        Assert.Equal(RemoteStatus.Unavailable, dead[0].Status);
        Assert.Equal(RemoteReadStatus.NotFound, (await ReadAsync(tier, "s")).Status);
    }

    [Fact]
    public async Task Tier_ServerStartedAnewWhileTheSidecarWasAway_IsToldThoughAnotherHasSeenIt()
    {
        await using var server = await RedisServer.StartAsync();
        var options = RedisTiers.Options();
        string incarnation;
        await using (var before = await RedisTiers.OpenHealthyAsync(server.Url, options)) incarnation = before.Incarnation!;
        server.Kill();
        await server.RestartAsync();
        await using (var another = await RedisTiers.OpenHealthyAsync(server.Url, options)) Assert.NotEqual(incarnation, another.Incarnation);

        var (forgotten, stranger) = (await ForgottenByAsync(server, options, incarnation), await ForgottenByAsync(server, options, null));

        Assert.Equal((1, 0), (forgotten, stranger));
    }

    private static async Task<int> ForgottenByAsync(RedisServer server, RemoteTierOptions options, string? incarnation)
    {
        await using var tier = RedisTiers.Open(server.Url, options);
        var forgotten = 0;
        tier.Forgot += () => Interlocked.Increment(ref forgotten);
        if (incarnation is not null) tier.Remember(incarnation);
        tier.Start();
        await RedisTiers.IsAsync(tier, RemoteHealth.Healthy);
        return Volatile.Read(ref forgotten);
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(60)]
    public async Task Open_AnyTimeout_Works(double timeoutSeconds)
    {
        await using var tier = RedisTiers.Open("redis://127.0.0.1:1", RedisTiers.Options(timeoutSeconds));

        Assert.Equal(RemoteHealth.Connecting, tier.State.Health);
    }

    [Fact]
    public async Task Tier_ServerEmptied_IsTold()
    {
        await using var server = await RedisServer.StartAsync();
        await using var tier = await RedisTiers.OpenHealthyAsync(server.Url);
        var forgotten = 0;
        tier.Forgot += () => Interlocked.Increment(ref forgotten);

        await server.RunAsync("FLUSHALL");

        await Eventually.HoldsAsync(() => Volatile.Read(ref forgotten) > 0, () => "nothing was told of the loss");
    }

    [Fact]
    public async Task Read_ConnectionCutInMidReply_NeverGivesAnotherValue()
    {
        await using var server = await RedisServer.StartAsync();
        await using var proxy = new CuttingProxy(server.Port);
        await using var tier = await RedisTiers.OpenHealthyAsync($"redis://127.0.0.1:{proxy.Port}");
        for (var i = 0; i < 20; i++) await tier.ApplyAsync([_changes.Put($"s{i}", 1, ("i", new string((char)('a' + i), 500 + i))) with { IsWhole = true }], default);
        var random = new Random(7);

        for (var round = 0; round < 60; round++)
        {
            proxy.CutAfter(random.Next(1, 9000));
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
            {
                var read = await ReadAsync(tier, $"s{i}");
                if (read.Status == RemoteReadStatus.Found) Assert.Equal(new string((char)('a' + i), 500 + i), Encoding.UTF8.GetString(read.Item.Value.ToArray()));
                else Assert.Equal(RemoteReadStatus.Unavailable, read.Status);
            }));
        }

        await Eventually.HoldsAsync(async () => (await ReadAsync(tier, "s0")).Status == RemoteReadStatus.Found, () => $"the tier is {tier.State}");
        Assert.InRange(proxy.Cuts, 10, int.MaxValue);
    }

    [Theory]
    [InlineData("redis://:wrong@127.0.0.1:PORT", "does not take the user or the password")]
    [InlineData("redis://nobody:wrong@127.0.0.1:PORT", "does not take the user or the password")]
    [InlineData("redis://127.0.0.1:PORT", "does not take the user or the password")]
    [InlineData("redis://weak:hunter2@127.0.0.1:PORT", "lacks rights")]
    [InlineData("redis://nowhere.invalid:PORT", "host is unknown")]
    [InlineData("redis://127.0.0.1:1", "refuses connections")]
    [InlineData("rediss://:hunter2@127.0.0.1:PORT", "write redis:// in its url where it speaks no TLS")]
    public async Task State_WrongUrl_SaysWhatToDoAndNoSecret(string url, string reason)
    {
        await using var server = await RedisServer.StartAsync(["-a", "hunter2", "--no-auth-warning"], ["--requirepass", "hunter2"]);
        await server.RunAsync("ACL", "SETUSER", "weak", "on", ">hunter2", "~other:*", "+@all");
        await using var tier = RedisTiers.Open(url.Replace("PORT", $"{server.Port}", StringComparison.Ordinal));
        tier.Start();

        await RedisTiers.IsAsync(tier, RemoteHealth.Unavailable);

        Assert.Contains(reason, tier.State.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", tier.State.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", tier.State.Reason, StringComparison.Ordinal);
        Assert.Equal(RemoteReadStatus.Unavailable, (await ReadAsync(tier, "s")).Status);
    }

    [Fact]
    public async Task Tier_UserWithTheRightsThatTheReasonNames_Works()
    {
        await using var server = await RedisServer.StartAsync();
        var options = RedisTiers.Options();
        var prefix = $"tier:tests/{options.Policy}:";
        await server.RunAsync(
            "ACL", "SETUSER", "app", "on", ">hunter2", $"~{prefix}*", $"&{prefix}*", "+@read", "+@write", "+@scripting", "+@pubsub", "+@connection", "+info", "+cluster|slots");

        await using var tier = await RedisTiers.OpenHealthyAsync($"redis://app:hunter2@127.0.0.1:{server.Port}", options, all => all with { CapacityBytes = 1 << 20 });

        await PutAsync(tier, "s", 1);
        Assert.Equal(RemoteReadStatus.Found, (await ReadAsync(tier, "s")).Status);
    }

    [Fact]
    public async Task Tier_Replica_ReadsAndTakesNoWrites()
    {
        await using var primary = await RedisServer.StartAsync("--repl-diskless-sync-delay", "0");
        await using var replica = await RedisServer.StartAsync("--replicaof", $"127.0.0.1 {primary.Port}");
        await using var tier = RedisTiers.Open(replica.Url);
        tier.Start();

        await RedisTiers.IsAsync(tier, RemoteHealth.ReadOnly);
        var written = await tier.ApplyAsync([_changes.Put("s", 1, ("i", "v"))], default);

        Assert.Contains("is a replica", tier.State.Reason, StringComparison.Ordinal);
        Assert.Equal(RemoteStatus.Unavailable, written[0].Status);
        Assert.Equal(RemoteReadStatus.NotFound, (await ReadAsync(tier, "s")).Status);
        await replica.RunAsync("REPLICAOF", "NO", "ONE");
        await RedisTiers.IsAsync(tier, RemoteHealth.Healthy);
    }

    [Fact]
    public async Task Tier_ServerOutOfMemory_ReadsAndDeletesAndHeals()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
        await using var tier = await RedisTiers.OpenHealthyAsync(server.Url);
        await PutAsync(tier, "s", 1);
        await PutAsync(tier, "t", 1);

        await server.RunAsync("CONFIG", "SET", "maxmemory", "1");
        var refused = await tier.ApplyAsync([_changes.Put("s", 2, ("i", "new"))], default);
        await RedisTiers.IsAsync(tier, RemoteHealth.ReadOnly);
        var (reason, read) = (tier.State.Reason, await ReadAsync(tier, "s"));
        var deleted = await tier.ApplyAsync([_changes.Delete("t", 5)], default);
        await server.RunAsync("CONFIG", "SET", "maxmemory", "0");
        await RedisTiers.IsAsync(tier, RemoteHealth.Healthy);

        Assert.Equal((RemoteStatus.Unavailable, RemoteReadStatus.Found, RemoteStatus.Applied), (refused[0].Status, read.Status, deleted[0].Status));
        Assert.Contains("maxmemory", reason, StringComparison.Ordinal);
        Assert.Equal("v", Encoding.UTF8.GetString((await ReadAsync(tier, "s")).Item.Value.ToArray()));
    }

    [Fact]
    public async Task Tier_ServerBusyWithAScript_SaysSoAndHeals()
    {
        await using var server = await RedisServer.StartAsync("--busy-reply-threshold", "50");
        await using var tier = await RedisTiers.OpenHealthyAsync(server.Url);

        var script = server.RunAsync("EVAL", "while true do end", "0");
        await RedisTiers.IsAsync(tier, RemoteHealth.Unavailable);
        await Eventually.HoldsAsync(() => tier.State.Reason!.Contains("SCRIPT KILL", StringComparison.Ordinal), () => $"the tier is {tier.State}");
        await server.RunAsync("SCRIPT", "KILL");
        await RedisTiers.IsAsync(tier, RemoteHealth.Healthy);

        await Assert.ThrowsAsync<InvalidOperationException>(() => script);
    }

    [Fact]
    public async Task Tier_OverItsCapacity_TrimsItselfAndNothingElse()
    {
        await using var server = await RedisServer.StartAsync();
        await server.RunAsync("DEBUG", "POPULATE", "300", "other", "5000");
        await using var tier = await RedisTiers.OpenHealthyAsync(server.Url, change: all => all with { CapacityBytes = 1 << 20 });
        var value = new byte[4000];
        Random.Shared.NextBytes(value);

        for (var batch = 0; batch < 20; batch++)
            await tier.ApplyAsync([.. Enumerable.Range(0, 50).Select(i => _changes.Put(Encoding.UTF8.GetBytes($"s{batch}-{i}"), 1, ("i"u8.ToArray(), value)) with { IsWhole = true })], default);
        await Eventually.HoldsAsync(async () => await OursAsync(server) is > 20 and <= 262, () => "the tier has not trimmed itself");

        Assert.Equal(300, (await server.RunAsync("KEYS", "other:*")).Split('\n').Length);
        // 262 sessions of 4,000 bytes are a mebibyte; trimming ends soon below it.
        Assert.InRange(await OursAsync(server), 150, 262);
    }

    private static async Task<int> OursAsync(RedisServer server) => (await server.RunAsync("KEYS", "tier:*:s:*")).Split('\n').Length;

    private async Task PutAsync(RedisTier tier, string session, uint number)
    {
        var results = await tier.ApplyAsync([_changes.Put(session, number, ("i", "v")) with { IsWhole = true }], default);
        Assert.Equal(RemoteStatus.Applied, results[0].Status);
    }

    private static Task<RemoteItem> ReadAsync(RedisTier tier, string session)
        => tier.ReadItemAsync(Encoding.UTF8.GetBytes(session), "i"u8.ToArray(), default).AsTask();
}
