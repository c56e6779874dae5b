using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>What an unsafe method makes forget: RFC 9111, 4.4.</summary>
public sealed class InvalidationTests
{
    private const string Fresh = "Cache-Control: max-age=600";

    [Theory]
    [InlineData("Off")]
    [InlineData("Http")]
    public async Task Put_OnAnotherRouteOfTheSamePath_Invalidates(string mode)
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of("body", request.Method == "GET" ? [Fresh] : ["Location: /other"]));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With($$"""
                - name: read
                  match: {path: "/{**rest}", methods: [GET, HEAD]}
                  origin: {destinations: ["{{origin.Url}}"]}
                - name: write
                  match: {path: "/{**rest}", methods: [PUT]}
                  origin: {destinations: ["{{origin.Url}}"]}
                  cache: {mode: {{mode}}}
            """));

        foreach (var path in new[] { "/a", "/other", "/kept" }) await sidecar.Http.GetStringAsync(path);
        await sidecar.SendAsync(HttpMethod.Put, "/a").AssertStatusAsync(200);
        foreach (var path in new[] { "/a", "/other", "/kept" }) await sidecar.Http.GetStringAsync(path);

        Assert.Equal(3, origin.SeenOf("/a").Count);
        Assert.Equal(2, origin.SeenOf("/other").Count);
        Assert.Single(origin.SeenOf("/kept"));
    }

    [Theory]
    [InlineData("/a%00b")]
    [InlineData("http://[::1")]
    [InlineData("//")]
    [InlineData("/%ff%e2%82")]
    [InlineData("\\\\x")]
    [InlineData("#")]
    public async Task Post_WithALocationThatNamesNothing_IsAnswered(string location)
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("made", $"Location: {location}") with { Status = 201 });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.SendAsync(HttpMethod.Post, "/a").AssertStatusAsync(201);
    }

    [Fact]
    public async Task Post_WhileTwoFillsOfOneUrlCome_KeepsBothFromBeingStored()
    {
        var gate = new TaskCompletionSource();
        var count = 0;
        await using var origin = new ScriptedOrigin(request => request.Method == "POST" ? OriginReply.Of("done") : Interlocked.Increment(ref count) switch
        {
            1 => OriginReply.Of("old", "Cache-Control: max-age=0, stale-while-revalidate=0", "ETag: \"1\"") with { Halfway = gate.Task },
            2 => OriginReply.Of("old", Fresh, "ETag: \"2\"") with { Halfway = gate.Task },
            _ => OriginReply.Of("new", Fresh),
        });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        using var first = await sidecar.SendAsync(HttpMethod.Get, "/a");
        using var second = await sidecar.SendAsync(HttpMethod.Get, "/a");
        await sidecar.SendAsync(HttpMethod.Post, "/a").AssertStatusAsync(200);
        gate.SetResult();
        Assert.Equal("old", await first.Content.ReadAsStringAsync());
        Assert.Equal("old", await second.Content.ReadAsStringAsync());

        Assert.Equal("new", await sidecar.Http.GetStringAsync("/a"));
    }
}
