using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;
using TierOperator.TestKit.Redis;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>The moment between an answer's last byte and its being stored, drawn out by a Redis that is slow to answer.</summary>
public sealed class StoringTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private RedisServer _redis = null!;
    private CuttingProxy _slow = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _slow = new CuttingProxy(_redis.Port);
        _folder.Secret("cache", $"redis://127.0.0.1:{_slow.Port}");
    }

    public async ValueTask DisposeAsync()
    {
        await _slow.DisposeAsync();
        await _redis.DisposeAsync();
        _folder.Dispose();
    }

    // Each of these would ask the origin, or be refused, where it did not wait for what its client has just been given.
    [Theory]
    [InlineData("HEAD", "Accept: a", 200)]
    [InlineData("GET", "Range: bytes=1-2", 206)]
    [InlineData("GET", "Cache-Control: only-if-cached", 200)]
    public async Task Request_RightBehindTheAnswerThatBringsIt_IsAHit(string method, string field, int status)
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=600", "Vary: Accept-Language"));
        await using var sidecar = await StartAsync(origin);
        _slow.Delay = TimeSpan.FromMilliseconds(200);

        Assert.Equal("body", await sidecar.Http.GetStringAsync("/a"));
        using var next = await sidecar.SendAsync(new HttpMethod(method), "/a", null, (field.Split(": ")[0], field.Split(": ")[1]));

        Assert.Equal(status, (int)next.StatusCode);
        Assert.StartsWith("tier; hit", next.Header("Cache-Status"), StringComparison.Ordinal);
        Assert.Single(origin.Seen);
    }

    private async Task<RunningSidecar> StartAsync(ScriptedOrigin origin)
    {
        var policy = RoutePolicies.With(RoutePolicies.Route(origin.Url), "memory: {capacity: 64Mi}\n    redis: {external: {secretRef: {name: cache}}, timeout: 5s}");
        var sidecar = await RunningSidecar.StartAsync(policy, "--secrets", _folder.Secrets);
        await Eventually.HoldsAsync(() => sidecar.Host.Engine.Status().Tiers.Single(tier => tier.Name == "redis").State == "Healthy");
        return sidecar;
    }
}
