using System.Collections.Concurrent;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>One origin request for many clients, and what becomes of it when one side leaves.</summary>
public sealed class FillTests
{
    private static readonly byte[] s_large = MakeLarge(20 * 1024 * 1024);
    private const string Fresh = "Cache-Control: max-age=60";
    private const string WithDisk = "memory: {capacity: 64Mi}\n    spillover: {capacity: 512Mi}";

    [Fact]
    public async Task Fill_TenSidecarsAndAHundredCallersEach_AskTheOriginTenTimes()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", Fresh) with { Before = gate.Task });
        var sidecars = new List<RunningSidecar>();
        for (var i = 0; i < 10; i++) sidecars.Add(await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url)));

        var calls = sidecars.SelectMany(sidecar => Enumerable.Range(0, 100).Select(_ => sidecar.Http.GetStringAsync("/cold"))).ToList();
        await Eventually.HoldsAsync(() => origin.Seen.Count >= 10);
        gate.SetResult();
        var bodies = await Task.WhenAll(calls);

        Assert.All(bodies, body => Assert.Equal("body", body));
        Assert.Equal(10, origin.Seen.Count);
        foreach (var sidecar in sidecars) await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task Fill_WhileTheBodyComes_StreamsToAllWhoWait()
    {
        var halfway = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = s_large, Fields = [Fresh], Halfway = halfway.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With(All(origin), WithDisk));

        using var first = await sidecar.SendAsync(HttpMethod.Get, "/a");
        using var second = await sidecar.SendAsync(HttpMethod.Get, "/a");
        var (one, two) = (await first.Content.ReadAsStreamAsync(), await second.Content.ReadAsStreamAsync());
        var half = new byte[s_large.Length / 2];
        await one.ReadExactlyAsync(half);
        await two.ReadExactlyAsync(half);
        halfway.SetResult();
        var rest = new byte[s_large.Length - half.Length];
        await one.ReadExactlyAsync(rest);
        await two.ReadExactlyAsync(rest);

        Assert.True(s_large.AsSpan(half.Length).SequenceEqual(rest));
        Assert.True(s_large.AsSpan(0, half.Length).SequenceEqual(half));
        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Fill_ClientThatBeganItLeaves_OthersGetTheWhole()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", Fresh) with { Before = gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));
        using var leaving = new CancellationTokenSource();

        var first = sidecar.Http.GetStringAsync("/a", leaving.Token);
        await Eventually.HoldsAsync(() => origin.Seen.Count == 1);
        var second = sidecar.Http.GetStringAsync("/a");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();

        Assert.Equal("body", await second);
        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Fill_ForOneAlone_LetsTheOthersAskForThemselves()
    {
        var gate = new TaskCompletionSource();
        var count = 0;
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of($"for {Interlocked.Increment(ref count)}", "Cache-Control: private") with { Before = gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var calls = Enumerable.Range(0, 20).Select(_ => sidecar.Http.GetStringAsync("/a")).ToList();
        await Eventually.HoldsAsync(() => origin.Seen.Count > 0);
        gate.SetResult();
        var bodies = await Task.WhenAll(calls);

        Assert.Equal(20, bodies.Distinct().Count());
        Assert.Equal(20, origin.Seen.Count);
    }

    [Theory]
    [InlineData(100, 40)]
    [InlineData(3_000_000, 2_000_000)]
    public async Task Fill_OriginBreaksOff_ClientHearsItAndNothingIsStored(int length, int cut)
    {
        var replies = new ConcurrentQueue<OriginReply>([new OriginReply { Body = s_large[..length], CutAfter = cut, Fields = [Fresh] }]);
        await using var origin = new ScriptedOrigin(_ => replies.TryDequeue(out var reply) ? reply : OriginReply.Of("whole", Fresh));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With(All(origin), WithDisk));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sidecar.Http.GetByteArrayAsync("/a"));

        Assert.Equal("whole", await sidecar.Http.GetStringAsync("/a"));
        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task Fill_EndThatIsOnlyTheConnections_IsPassedOnAndNotStored()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", Fresh) with { EndsWithConnection = true });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        Assert.Equal("body", await sidecar.Http.GetStringAsync("/a"));
        Assert.Equal("body", await sidecar.Http.GetStringAsync("/a"));

        Assert.Equal(2, origin.Seen.Count);
    }

    [Theory]
    [InlineData(40 * 1024, false)]
    [InlineData(900 * 1024, true)]
    [InlineData(20 * 1024 * 1024, false)]
    [InlineData(20 * 1024 * 1024, true)]
    public async Task Fill_BodyOfAnySize_ComesBackByteForByte(int length, bool chunked)
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = s_large[..length], Fields = [Fresh], IsChunked = chunked });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With(All(origin), WithDisk));

        var miss = await sidecar.Http.GetByteArrayAsync("/a");
        var hit = await sidecar.Http.GetByteArrayAsync("/a");
        using var range = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Range", $"bytes={length - 70_000}-"));

        Assert.True(s_large.AsSpan(0, length).SequenceEqual(miss));
        Assert.True(s_large.AsSpan(0, length).SequenceEqual(hit));
        Assert.Single(origin.Seen);
        var tail = await range.Content.ReadAsByteArrayAsync();
        if (length > 70_000) Assert.True(s_large.AsSpan(length - 70_000, 70_000).SequenceEqual(tail));
    }

    [Fact]
    public async Task Fill_TooLargeForMemoryAlone_IsPassedOnWhole()
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = s_large, Fields = [Fresh] });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        Assert.Equal(s_large, await sidecar.Http.GetByteArrayAsync("/a"));
        Assert.Equal(s_large, await sidecar.Http.GetByteArrayAsync("/a"));

        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task Fill_WaiterOfAnotherVariant_GetsItsOwn()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(request => OriginReply.Of($"in {request["Accept-Language"]}", Fresh, "Vary: Accept-Language") with { Before = gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var german = sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Accept-Language", "de"));
        await Eventually.HoldsAsync(() => origin.Seen.Count == 1);
        var french = sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Accept-Language", "fr"));
        gate.SetResult();

        Assert.Equal("in de", await (await german).Content.ReadAsStringAsync());
        Assert.Equal("in fr", await (await french).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Fill_OfCachedAnswers_CarriesNothingThatSaysWhoAsked()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", Fresh));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("X-Forwarded-Host", "evil.example"), ("X-Original-URL", "/admin"), ("Forwarded", "host=evil"), ("X-Other", "kept"));

        var seen = Assert.Single(origin.Seen);
        Assert.Null(seen["X-Forwarded-Host"] ?? seen["X-Original-URL"] ?? seen["Forwarded"]);
        Assert.Equal("kept", seen["X-Other"]);
        Assert.Equal($"127.0.0.1:{origin.Port}", seen["Host"]);
        Assert.Equal("1.1 tier", seen["Via"]);
    }

    private static string All(ScriptedOrigin origin) => $$"""
            - name: all
              match: {path: "/{**rest}"}
              origin: {destinations: ["{{origin.Url}}"]}
        """;

    private static byte[] MakeLarge(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
