using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

public sealed class PolicyModeTests
{
    [Theory]
    [InlineData(200, "", 50, true)]
    [InlineData(200, "", 61, false)]
    [InlineData(200, "Cache-Control: no-store", 50, true)]
    [InlineData(404, "", 4, true)]
    [InlineData(404, "", 6, false)]
    [InlineData(500, "", 1, false)]
    [InlineData(200, "Set-Cookie: a=b", 1, false)]
    public async Task PolicyMode_Answer_IsFreshByTheRoute(int status, string field, int after, bool isHit)
    {
        var time = new ManualTime();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", field.Length == 0 ? [] : [field]) with { Status = status });
        await using var sidecar = await StartAsync(origin, time, "mode: Policy, ttl: 60s, negativeTtl: 5s");

        using var first = await sidecar.Http.GetAsync("/a");
        time.Advance(TimeSpan.FromSeconds(after));
        using var second = await sidecar.Http.GetAsync("/a");

        Assert.Equal(isHit ? 1 : 2, origin.Seen.Count);
    }

    [Fact]
    public async Task PolicyMode_Authorization_IsNeverShared()
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of($"for {request["Authorization"]}"));
        await using var sidecar = await StartAsync(origin, TimeProvider.System, "mode: Policy, ttl: 60s");

        using var one = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Authorization", "Bearer one"));
        using var two = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Authorization", "Bearer two"));

        Assert.Equal("for Bearer one", await one.Content.ReadAsStringAsync());
        Assert.Equal("for Bearer two", await two.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task KeyQuery_OtherParameters_DoNotTellApart()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=60"));
        await using var sidecar = await StartAsync(origin, TimeProvider.System, "key: {query: [page, q]}");

        foreach (var query in new[] { "?page=1&q=a&utm=x", "?q=a&page=1", "?utm=y&page=1&q=a", "?page=2&q=a" }) await sidecar.Http.GetStringAsync("/a" + query);

        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task KeyQuery_ValuesOfOneParameter_CountInTheirOrder()
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of(request.Target, "Cache-Control: max-age=60"));
        await using var sidecar = await StartAsync(origin, TimeProvider.System, "key: {query: [page, q]}");

        foreach (var query in new[] { "?q=a&page=1&page=2", "?page=2&page=1&q=a" }) Assert.Equal("/a" + query, await sidecar.Http.GetStringAsync("/a" + query));

        Assert.Equal("/a?q=a&page=1&page=2", await sidecar.Http.GetStringAsync("/a?page=1&q=a&page=2"));
    }

    [Fact]
    public async Task Off_Nothing_IsStored()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=60"));
        await using var sidecar = await StartAsync(origin, TimeProvider.System, "mode: Off");

        await sidecar.Http.GetStringAsync("/a");
        await sidecar.Http.GetStringAsync("/a");

        Assert.Equal(2, origin.Seen.Count);
    }

    private static Task<RunningSidecar> StartAsync(ScriptedOrigin origin, TimeProvider time, string cache) => RunningSidecar.StartAsync(
        RoutePolicies.With($$"""
                - name: all
                  match: {path: "/{**rest}"}
                  origin: {destinations: ["{{origin.Url}}"]}
                  cache: { {{cache}} }
            """),
        time);
}
