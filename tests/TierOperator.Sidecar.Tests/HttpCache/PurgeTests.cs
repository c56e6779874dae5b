using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

public sealed class PurgeTests : IAsyncLifetime
{
    private ScriptedOrigin _origin = null!;
    private RunningSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _origin = new ScriptedOrigin(request => OriginReply.Of(
            "body", "Cache-Control: max-age=600", $"Cache-Tag: all, {request.Target[1..4]}", $"Surrogate-Key: key-{request.Target[1..4]} many"));
        _sidecar = await RunningSidecar.StartAsync(RoutePolicies.With($$"""
                - name: cats
                  match: {path: "/cat/{**rest}"}
                  origin: {destinations: ["{{_origin.Url}}"]}
                  cache: {tags: [pets]}
                - name: dogs
                  match: {path: "/dog/{**rest}"}
                  origin: {destinations: ["{{_origin.Url}}"]}
                  cache: {vary: [Accept-Language]}
            """));
        foreach (var path in new[] { "/cat/1", "/cat/2?a=b", "/dog/1" }) await _sidecar.Http.GetStringAsync(path);
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Theory]
    [InlineData("{\"tag\": \"all\"}", "/cat/1 /cat/2?a=b /dog/1")]
    [InlineData("{\"tag\": \"cat\"}", "/cat/1 /cat/2?a=b")]
    [InlineData("{\"tag\": \"key-dog\"}", "/dog/1")]
    [InlineData("{\"tag\": \"pets\"}", "/cat/1 /cat/2?a=b")]
    [InlineData("{\"tag\": \"none\"}", "")]
    [InlineData("{\"route\": \"dogs\"}", "/dog/1")]
    [InlineData("{\"route\": \"cats\", \"prefix\": \"/cat/2\"}", "/cat/2?a=b")]
    [InlineData("{\"route\": \"cats\", \"prefix\": \"/cat\"}", "/cat/1 /cat/2?a=b")]
    [InlineData("{\"route\": \"cats\", \"key\": \"/cat/2?a=b\"}", "/cat/2?a=b")]
    [InlineData("{\"route\": \"cats\", \"key\": \"/cat/2\"}", "")]
    [InlineData("{\"route\": \"dogs\", \"key\": \"/dog/1\"}", "/dog/1")]
    public async Task Purge_OfSome_ForgetsTheseAndNoOthers(string order, string forgotten)
    {
        await PurgeAsync(order).AssertStatusAsync(204);

        var asked = new List<string>();
        foreach (var path in new[] { "/cat/1", "/cat/2?a=b", "/dog/1" })
        {
            var before = _origin.Seen.Count;
            await _sidecar.Http.GetStringAsync(path);
            if (_origin.Seen.Count > before) asked.Add(path);
        }

        Assert.Equal(forgotten, string.Join(' ', asked));
    }

    [Theory]
    [InlineData("{}", 400, "malformed")]
    [InlineData("[]", 400, "malformed")]
    [InlineData("{", 400, "malformed")]
    [InlineData("{\"tag\": 1}", 400, "malformed")]
    [InlineData("{\"tag\": \"a\", \"route\": \"cats\"}", 400, "malformed")]
    [InlineData("{\"tag\": \"\\ud800\"}", 400, "malformed")]
    [InlineData("{\"\\ud800\": \"a\"}", 400, "malformed")]
    [InlineData("{\"route\": \"cats\", \"key\": \"/cat/\\u0000\"}", 400, "malformed")]
    [InlineData("{\"route\": \"cats\", \"key\": \"/cat/%00\"}", 400, "malformed")]
    [InlineData("{\"colour\": \"a\"}", 400, "malformed")]
    [InlineData("{\"route\": \"cats\", \"key\": \"cat\"}", 400, "malformed")]
    [InlineData("{\"route\": \"cats\", \"prefix\": \"/a\", \"key\": \"/a\"}", 400, "malformed")]
    [InlineData("{\"route\": \"birds\"}", 404, "not-found")]
    public async Task Purge_OrderThatIsNone_IsRefused(string order, int status, string slug)
        => await PurgeAsync(order).AssertProblemAsync(status, slug);

    [Fact]
    public async Task Purge_WhileTheAnswerComes_KeepsItFromBeingStored()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=600", "Cache-Tag: t") with { Before = gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));
        var call = sidecar.Http.GetStringAsync("/a");
        await Eventually.HoldsAsync(() => origin.Seen.Count > 0);

        await sidecar.SendAsync(HttpMethod.Post, "/v1/purge", new StringContent("{\"tag\": \"t\"}", null, "application/json")).AssertStatusAsync(204);
        gate.SetResult();
        await call;
        await sidecar.Http.GetStringAsync("/a");

        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task Purge_WhileAnAnswerComesThatItDoesNotName_LetsItBeStored()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=600", "Cache-Tag: t") with { Halfway = gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));
        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a");

        await sidecar.SendAsync(HttpMethod.Post, "/v1/purge", new StringContent("{\"tag\": \"other\"}", null, "application/json")).AssertStatusAsync(204);
        var before = sidecar.Host.Engine.Status().Writes;
        gate.SetResult();
        await Eventually.HoldsAsync(() => sidecar.Host.Engine.Status().Writes > before);
        await sidecar.Http.GetStringAsync("/a");

        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Sessions_CachedResponses_AreNotAmongThem()
    {
        using var list = await _sidecar.Http.GetAsync("/v1/sessions");

        Assert.Equal(0, (await list.JsonAsync()).GetProperty("sessions").GetArrayLength());
        await _sidecar.SendAsync(HttpMethod.Get, "/v1/sessions/%FFrcats%00%2Fcat%2F1/items/r").AssertStatusAsync(400);
    }

    private Task<HttpResponseMessage> PurgeAsync(string order)
        => _sidecar.SendAsync(HttpMethod.Post, "/v1/purge", new StringContent(order, null, "application/json"));
}
