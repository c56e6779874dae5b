using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>What one client asks must not become what another gets.</summary>
public sealed class PoisoningTests
{
    [Theory]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Forwarded-Scheme")]
    [InlineData("X-Forwarded-Path")]
    [InlineData("x-forwarded-ssl")]
    [InlineData("X-Original-URL")]
    [InlineData("X-Rewrite-URL")]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("Forwarded")]
    [InlineData("X-Host")]
    public async Task Origin_ThatBelievesAnUnkeyedField_CannotBePoisoned(string field)
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of($"<script src=//{request[field] ?? "good"}/a.js>", "Cache-Control: max-age=60"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        using (await sidecar.SendAsync(HttpMethod.Get, "/a", null, (field, "evil.example"))) { }

        Assert.DoesNotContain("evil", await sidecar.Http.GetStringAsync("/a"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a", "/a?x=1")]
    [InlineData("/a", "/A")]
    [InlineData("/a/b", "/a%2Fb")]
    [InlineData("/a%2Fb", "/a%252Fb")]
    [InlineData("/a%25", "/a%2525")]
    [InlineData("/a b", "/a%2520b")]
    [InlineData("/a", "/a/")]
    [InlineData("/a?x=1", "/a?x=1&x=2")]
    public async Task Urls_ThatAnOriginTellsApart_AreNeverOneResponse(string one, string other)
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of(request.Target, "Cache-Control: max-age=60"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        for (var i = 0; i < 2; i++) Assert.Equal(one.Replace(" ", "%20", StringComparison.Ordinal), await sidecar.Http.GetStringAsync(one));

        Assert.Equal(other, await sidecar.Http.GetStringAsync(other));
    }
}
