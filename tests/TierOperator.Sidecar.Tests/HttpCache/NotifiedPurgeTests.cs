using System.Globalization;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;
using TierOperator.TestKit.Postgres;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Sidecars that share a PostgreSQL and no Redis: each keeps its own responses, and a purge reaches all.</summary>
public sealed class NotifiedPurgeTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<RunningSidecar> _sidecars = [];
    private PostgresServer _postgres = null!;

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync();
        _folder.Secret("db", _postgres.Url);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in _sidecars) await sidecar.DisposeAsync();
        await _postgres.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("{\"tag\": \"t\"}")]
    [InlineData("{\"route\": \"all\"}")]
    [InlineData("{\"route\": \"all\", \"prefix\": \"/a\"}")]
    [InlineData("{\"route\": \"all\", \"key\": \"/a\"}")]
    public async Task Purge_AtOneSidecar_IsFollowedByAllThroughPostgres(string order)
    {
        var count = 0;
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of(Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture), "Cache-Control: max-age=600", "Cache-Tag: t"));
        await StartAsync(3, origin);
        var before = new List<string>();
        foreach (var sidecar in _sidecars) before.Add(await sidecar.Http.GetStringAsync("/a"));
        for (var i = 0; i < _sidecars.Count; i++) Assert.Equal(before[i], await _sidecars[i].Http.GetStringAsync("/a"));
        Assert.Equal(3, origin.Seen.Count);

        await _sidecars[0].SendAsync(HttpMethod.Post, "/v1/purge", new StringContent(order, null, "application/json")).AssertStatusAsync(204);

        for (var i = 0; i < _sidecars.Count; i++)
        {
            var (sidecar, old) = (_sidecars[i], before[i]);
            await Eventually.HoldsAsync(() => Get(sidecar, "/a") != old);
        }

        Assert.Equal(6, origin.Seen.Count);
    }

    private static string Get(RunningSidecar sidecar, string path)
    {
        using var answer = sidecar.Http.Send(new HttpRequestMessage(HttpMethod.Get, path));
        using var reader = new StreamReader(answer.Content.ReadAsStream());
        return reader.ReadToEnd();
    }

    private async Task StartAsync(int count, ScriptedOrigin origin)
    {
        var policy = RoutePolicies.With(RoutePolicies.Route(origin.Url), "memory: {capacity: 64Mi}\n    postgres: {external: {secretRef: {name: db}}, timeout: 2s}");
        for (var i = 0; i < count; i++) _sidecars.Add(await RunningSidecar.StartAsync(policy, "--secrets", _folder.Secrets));
        await Eventually.HoldsAsync(() => _sidecars.TrueForAll(sidecar => sidecar.Host.Engine.Status().Tiers.Single(tier => tier.Name == "postgres").State == "Healthy"));
    }
}
