using System.Collections.Concurrent;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Bodies that lie on the disk apart from their heads.</summary>
public sealed class DiskBodyTests
{
    private const string Fresh = "Cache-Control: max-age=600";
    private const string Tiers = "memory: {capacity: 16Mi}\n    spillover: {capacity: 32Mi, compression: None}";
    private static readonly byte[] s_body = MakeBody(6 << 20);

    [Fact]
    public async Task Body_ThatTheDiskHadNoRoomForAnyLonger_IsFetchedAgain()
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = s_body, Fields = [Fresh] });
        await using var sidecar = await StartAsync(origin);

        for (var i = 0; i < 12; i++) await sidecar.Http.GetByteArrayAsync($"/{i}");
        for (var i = 0; i < 12; i++) Assert.Equal(s_body, await sidecar.Http.GetByteArrayAsync($"/{i}"));

        Assert.True(origin.Seen.Count > 12, "all twelve fitted: the test shows nothing");
    }

    [Fact]
    public async Task Body_ThatBrokeOff_LeavesNothingOnTheDisk()
    {
        var replies = new ConcurrentQueue<OriginReply>([.. Enumerable.Range(0, 4).Select(_ => new OriginReply { Body = s_body, CutAfter = 5 << 20, Fields = [Fresh] })]);
        await using var origin = new ScriptedOrigin(_ => replies.TryDequeue(out var reply) ? reply : OriginReply.Of("whole", Fresh));
        await using var sidecar = await StartAsync(origin);

        for (var i = 0; i < 4; i++) await Assert.ThrowsAnyAsync<HttpRequestException>(() => sidecar.Http.GetByteArrayAsync("/a"));

        await Eventually.HoldsAsync(() => OnDisk(sidecar) == 0);
        Assert.Equal("whole", await sidecar.Http.GetStringAsync("/a"));
    }

    [Fact]
    public async Task Body_OfMoreThanAQuarterOfTheDisk_PassesAndIsNotStored()
    {
        var body = MakeBody(10 << 20);
        await using var origin = new ScriptedOrigin(request => new OriginReply { Body = request.Target == "/kept" ? s_body : body, Fields = [Fresh], IsChunked = request.Target == "/chunked" });
        await using var sidecar = await StartAsync(origin);

        await sidecar.Http.GetByteArrayAsync("/kept");
        foreach (var path in new[] { "/a", "/chunked" })
            for (var i = 0; i < 2; i++) Assert.Equal(body, await sidecar.Http.GetByteArrayAsync(path));
        Assert.Equal(s_body, await sidecar.Http.GetByteArrayAsync("/kept"));

        Assert.Equal(5, origin.Seen.Count);
    }

    [Fact]
    public async Task Body_ThatIsNotKept_EndsWhenNobodyReadsIt()
    {
        var halfway = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = MakeBody(64 << 20), Fields = [Fresh], Halfway = halfway.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        using (var answer = await sidecar.SendAsync(HttpMethod.Get, "/a"))
            await (await answer.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[16 << 20]);
        halfway.SetResult();

        await Eventually.HoldsAsync(() => origin.Open == 0);
    }

    private static int OnDisk(RunningSidecar sidecar) => sidecar.Host.Engine.Status().Tiers.Single(tier => tier.Name == "spillover").Sessions;

    private static Task<RunningSidecar> StartAsync(ScriptedOrigin origin) => RunningSidecar.StartAsync(RoutePolicies.With(RoutePolicies.Route(origin.Url), Tiers));

    private static byte[] MakeBody(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
