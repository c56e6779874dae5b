using System.Net;
using System.Text.Json;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.Routes;

/// <summary>Which of several origins a request goes to: health checks, ejection, affinity.</summary>
public sealed class RouteHealthTests
{
    [Fact]
    public async Task ActiveCheck_OriginThatSaysItIsIll_GetsNothingUntilItIsWell()
    {
        var isIll = true;
        await using var well = new ScriptedOrigin(_ => OriginReply.Of("well"));
        await using var ill = new ScriptedOrigin(request => request.Target == "/healthz" && isIll ? new OriginReply { Status = 503 } : OriginReply.Of("ill"));
        await using var sidecar = await StartAsync("healthCheck: {path: /healthz, interval: 1s, timeout: 1s}, loadBalancing: RoundRobin", well, ill);

        await Eventually.HoldsAsync(() => HealthOf(sidecar, ill) == "Unhealthy");
        var asked = ill.SeenOf("/a").Count;
        for (var i = 0; i < 20; i++) Assert.Equal("well", await sidecar.Http.GetStringAsync("/a"));
        Assert.Equal(asked, ill.SeenOf("/a").Count);

        isIll = false;
        await Eventually.HoldsAsync(() => HealthOf(sidecar, ill) == "Healthy");
        for (var i = 0; i < 4; i++) await sidecar.Http.GetStringAsync("/a");
        Assert.True(ill.SeenOf("/a").Count > asked, "it is well and gets nothing");
    }

    [Fact]
    public async Task Ejection_OriginWhoseRequestsFail_IsLeftAloneAndAskedAgainLater()
    {
        await using var well = new ScriptedOrigin(_ => OriginReply.Of("well"));
        await using var fails = new ScriptedOrigin(_ => new OriginReply { Raw = "" });
        await using var sidecar = await StartAsync("healthCheck: {ejectFor: 1s}", well, fails);

        for (var i = 0; HealthOf(sidecar, fails, "passive") != "Unhealthy" && i < 200; i++) Assert.Equal("well", await sidecar.Http.GetStringAsync("/a"));
        var asked = fails.Seen.Count;
        for (var i = 0; i < 20; i++) Assert.Equal("well", await sidecar.Http.GetStringAsync("/a"));
        Assert.Equal(asked, fails.Seen.Count);

        await Eventually.HoldsAsync(() => HealthOf(sidecar, fails, "passive") == "Unknown");
        for (var i = 0; i < 200 && fails.Seen.Count == asked; i++) await sidecar.Http.GetStringAsync("/a");
        Assert.True(fails.Seen.Count > asked, await sidecar.Http.GetStringAsync("/v1/routes"));
    }

    [Theory]
    [InlineData("Cookie")]
    [InlineData("ArrCookie")]
    [InlineData("CustomHeader")]
    public async Task Affinity_ClientThatCameBack_GetsTheOriginThatItHad(string policy)
    {
        await using var one = new ScriptedOrigin(_ => OriginReply.Of("one"));
        await using var two = new ScriptedOrigin(_ => OriginReply.Of("two"));
        await using var sidecar = await StartAsync($"sessionAffinity: {{policy: {policy}, keyName: X-Sticky}}, loadBalancing: RoundRobin", one, two);

        using var first = await sidecar.SendAsync(HttpMethod.Get, "/a");
        var had = await first.Content.ReadAsStringAsync();
        var key = policy == "CustomHeader" ? ("X-Sticky", first.Header("X-Sticky")!) : ("Cookie", first.Header("Set-Cookie")!.Split(';')[0]);

        for (var i = 0; i < 10; i++)
        {
            using var again = await sidecar.SendAsync(HttpMethod.Get, "/a", null, key);
            Assert.Equal(had, await again.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Affinity_CookieThatWasForged_IsNoFault()
    {
        await using var one = new ScriptedOrigin(_ => OriginReply.Of("one"));
        await using var sidecar = await StartAsync("sessionAffinity: {policy: Cookie, keyName: X-Sticky}", one);

        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Cookie", "X-Sticky=forged"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static string HealthOf(RunningSidecar sidecar, ScriptedOrigin origin, string kind = "active")
    {
        using var answer = sidecar.Http.Send(new HttpRequestMessage(HttpMethod.Get, "/v1/routes"));
        using var document = JsonDocument.Parse(answer.Content.ReadAsStream());
        var routes = document.RootElement.GetProperty("routes")[0].GetProperty("destinations").EnumerateArray();
        return routes.First(destination => destination.GetProperty("address").GetString() == origin.Url.ToString()).GetProperty(kind).GetString()!;
    }

    private static Task<RunningSidecar> StartAsync(string origin, params ScriptedOrigin[] origins) => RunningSidecar.StartAsync(RoutePolicies.With($$"""
            - name: all
              match: {path: "/{**rest}"}
              origin: {destinations: [{{RoutePolicies.Quoted([.. origins.Select(one => one.Url)])}}], {{origin}}}
              cache: {mode: "Off"}
        """));
}
