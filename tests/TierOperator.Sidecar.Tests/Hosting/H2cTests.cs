using System.Net;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.Hosting;

/// <summary>Clear-text HTTP/2 on the API's own port, beside HTTP/1.1.</summary>
public sealed class H2cTests
{
    [Fact]
    public async Task Preface_OnTheApiPort_IsServedInHttp2()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=60"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.PutAsync("/v1/sessions/s/items/i", "one").AssertStatusAsync(201);
        using var item = await Http2Async(sidecar, "/v1/sessions/s/items/i");
        using var miss = await Http2Async(sidecar, "/a");
        using var hit = await Http2Async(sidecar, "/a");

        Assert.Equal("one", await item.Content.ReadAsStringAsync());
        Assert.Equal(HttpVersion.Version20, item.Version);
        Assert.Equal("body", await miss.Content.ReadAsStringAsync());
        Assert.Equal("body", await hit.Content.ReadAsStringAsync());
        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Preface_InPiecesOrCutShort_HoldsNobodyUp()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var other = await sidecar.RawAsync("PRI * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 4", other, StringComparison.Ordinal);
        await sidecar.Http.GetAsync("/v1/status").AssertStatusAsync(200);
    }

    private static Task<HttpResponseMessage> Http2Async(RunningSidecar sidecar, string path)
        => sidecar.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact });
}
