using System.Globalization;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Several sidecars of one policy, before one origin and one real Redis.</summary>
public sealed class SharedCacheTests : IAsyncLifetime
{
    private const string Fresh = "Cache-Control: max-age=600";
    private readonly TempFolder _folder = new();
    private readonly List<RunningSidecar> _sidecars = [];
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _folder.Secret("cache", _redis.Url);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in _sidecars) await sidecar.DisposeAsync();
        await _redis.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Miss_TenSidecarsAndAHundredCallersEach_AskTheOriginOnce()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", Fresh) with { Before = gate.Task });
        // A Redis that is slower than its timeout counts as away, and then everybody asks: here it never is.
        await StartAsync(10, origin, timeout: "10s");

        var calls = _sidecars.SelectMany(sidecar => Enumerable.Range(0, 100).Select(_ => sidecar.Http.GetStringAsync("/cold"))).ToList();
        await Eventually.HoldsAsync(() => origin.Seen.Count > 0);
        await AllHaveAskedForTheLeaseAsync(10);
        gate.SetResult();
        var bodies = await Task.WhenAll(calls);

        Assert.All(bodies, body => Assert.Equal("body", body));
        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Miss_OwnerOfTheLeaseIsGone_AnotherFollows()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", Fresh));
        await StartAsync(2, origin);
        // As a sidecar leaves it that was killed while it fetched.
        await _redis.RunAsync("EVAL", "return redis.call('SET', 'tier:default/routes:l:{:\\255rall\\0/a}', 'gone', 'PX', 1500)", "0");
        var started = TimeProvider.System.GetTimestamp();

        var bodies = await Task.WhenAll(_sidecars.Select(sidecar => sidecar.Http.GetStringAsync("/a")));

        Assert.All(bodies, body => Assert.Equal("body", body));
        Assert.Single(origin.Seen);
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromMilliseconds(500), "nobody waited for the lease");
    }

    [Fact]
    public async Task Miss_AnswerForOneAlone_KeepsNobodyWaiting()
    {
        var (first, others, count) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("mine", "Cache-Control: private") with { Before = Interlocked.Increment(ref count) == 1 ? first.Task : others.Task });
        await StartAsync(4, origin);

        var calls = _sidecars.Select(sidecar => sidecar.Http.GetStringAsync("/a")).ToList();
        await AllHaveAskedForTheLeaseAsync(4);
        first.SetResult();

        // One after the other would never be three at once.
        await Eventually.HoldsAsync(() => origin.Seen.Count == 4);
        others.SetResult();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Miss_WithRedisAway_EachAsksForItself()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", Fresh));
        await StartAsync(3, origin);
        _redis.Freeze();

        var bodies = await Task.WhenAll(_sidecars.SelectMany(sidecar => Enumerable.Range(0, 20).Select(_ => sidecar.Http.GetStringAsync("/a"))));

        Assert.All(bodies, body => Assert.Equal("body", body));
        Assert.Equal(3, origin.Seen.Count);
    }

    [Fact]
    public async Task Renewal_WithRedisAway_MakesTheResponseFreshHere()
    {
        await using var origin = new ScriptedOrigin(request => request["If-None-Match"] is null
            ? OriginReply.Of("body", "Cache-Control: max-age=0", "ETag: \"a\"") : new OriginReply { Status = 304, Fields = [Fresh, "ETag: \"a\""] });
        await StartAsync(1, origin);
        Assert.Equal("body", await _sidecars[0].Http.GetStringAsync("/a"));
        await Eventually.HoldsAsync(() => RedisOf(_sidecars[0]).BacklogSessions == 0);
        _redis.Freeze();

        Assert.Equal("body", await _sidecars[0].Http.GetStringAsync("/a"));
        Assert.Equal("body", await _sidecars[0].Http.GetStringAsync("/a"));

        Assert.Equal(2, origin.Seen.Count);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(700_000)]
    public async Task Response_StoredByOneSidecar_IsAnothersHit(int length)
    {
        var body = new byte[length];
        Random.Shared.NextBytes(body);
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = body, Fields = [Fresh, "Vary: Accept-Language"] });
        await StartAsync(2, origin);

        await _sidecars[0].Http.GetByteArrayAsync("/a");
        await Eventually.HoldsAsync(() => _sidecars[0].Host.Engine.Status().Writes >= 2 && RedisOf(_sidecars[0]).BacklogSessions == 0);
        using var hit = await _sidecars[1].SendAsync(HttpMethod.Get, "/a");

        Assert.Equal(body, await hit.Content.ReadAsByteArrayAsync());
        Assert.StartsWith("tier; hit", hit.Header("Cache-Status"), StringComparison.Ordinal);
        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Response_WithItsBodyOnOneDisk_IsFetchedByTheOtherAndServedByBoth()
    {
        var body = new byte[6 << 20];
        Random.Shared.NextBytes(body);
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = body, Fields = [Fresh] });
        await StartAsync(2, origin, "spillover: {capacity: 256Mi}");

        foreach (var sidecar in _sidecars.Concat(_sidecars))
        {
            Assert.Equal(body, await sidecar.Http.GetByteArrayAsync("/large"));
            await Eventually.HoldsAsync(() => sidecar.Host.Engine.Status().Writes > 0 && RedisOf(sidecar).BacklogSessions == 0);
        }

        Assert.Equal(2, origin.Seen.Count);
    }

    [Theory]
    [InlineData("{\"tag\": \"t\"}")]
    [InlineData("{\"route\": \"all\"}")]
    [InlineData("{\"route\": \"all\", \"prefix\": \"/a\"}")]
    [InlineData("{\"route\": \"all\", \"key\": \"/a\"}")]
    public async Task Purge_AtOneSidecar_IsFollowedByAll(string order)
    {
        var count = 0;
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of($"body {Interlocked.Increment(ref count)}", Fresh, "Cache-Tag: t"));
        await StartAsync(3, origin);
        foreach (var sidecar in _sidecars)
            for (var i = 0; i < 5; i++) Assert.Equal("body 1", await sidecar.Http.GetStringAsync("/a"));

        await _sidecars[0].SendAsync(HttpMethod.Post, "/v1/purge", new StringContent(order, null, "application/json")).AssertStatusAsync(204);
        // In this order: once one has fetched it anew, the others hear of that, and not of the purge.
        await GivesAnotherAsync(_sidecars[2]);

        foreach (var sidecar in _sidecars.AsEnumerable().Reverse())
            for (var i = 0; i < 5; i++) Assert.NotEqual("body 1", await sidecar.Http.GetStringAsync("/a"));
    }

    // The others hear of it a moment later.
    private static async Task GivesAnotherAsync(RunningSidecar sidecar)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await sidecar.Http.GetStringAsync("/a", patience.Token) == "body 1") await Task.Yield();
    }

    private static TierStatus RedisOf(RunningSidecar sidecar) => sidecar.Host.Engine.Status().Tiers.Single(tier => tier.Name == "redis");

    // Sidecars that have not asked yet prove nothing.
    private async Task AllHaveAskedForTheLeaseAsync(int count)
    {
        for (var asked = 0; asked < count;)
        {
            var owners = await _redis.RunAsync("INFO", "commandstats");
            asked = owners.Split('\n').Where(line => line.StartsWith("cmdstat_eval:calls=", StringComparison.Ordinal)).Select(line => int.Parse(line["cmdstat_eval:calls=".Length..line.IndexOf(',', StringComparison.Ordinal)], CultureInfo.InvariantCulture)).Sum();
        }
    }

    private async Task StartAsync(int count, ScriptedOrigin origin, string more = "", string timeout = "500ms")
    {
        var policy = RoutePolicies.With(RoutePolicies.Route(origin.Url), $"memory: {{capacity: 64Mi}}\n    redis: {{external: {{secretRef: {{name: cache}}}}, timeout: {timeout}}}\n    {more}");
        for (var i = 0; i < count; i++) _sidecars.Add(await RunningSidecar.StartAsync(policy, "--secrets", _folder.Secrets));
        await Eventually.HoldsAsync(() => _sidecars.TrueForAll(sidecar => RedisOf(sidecar).State == "Healthy"));
    }
}
