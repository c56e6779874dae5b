using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Whose requests become one: RFC 9111, 4, only of those that a stored response may answer.</summary>
public sealed class CollapsingTests
{
    [Theory]
    [InlineData("Cache-Control: no-cache", 10)]
    [InlineData("Cache-Control: max-age=0", 10)]
    [InlineData("Cache-Control: max-age=60", 1)]
    public async Task Callers_AtOnce_ShareOnlyWhatNeedNotBeValidated(string field, int asked)
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", field, "ETag: \"a\"") with { Before = gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var calls = Enumerable.Range(0, 10).Select(_ => sidecar.Http.GetStringAsync("/a")).ToList();
        await Eventually.HoldsAsync(() => origin.Seen.Count > 0);
        gate.SetResult();
        var bodies = await Task.WhenAll(calls);

        Assert.All(bodies, body => Assert.Equal("body", body));
        Assert.Equal(asked, origin.Seen.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Callers_OfSeveralVariants_AskOnceForEach(bool isVaryKnown)
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(request =>
            OriginReply.Of($"in {request["X-In"]}", "Cache-Control: max-age=60", "Vary: X-In") with { Before = request["X-In"] == "first" ? Task.CompletedTask : gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));
        if (isVaryKnown) await AskAsync(sidecar, "first");
        var before = origin.Seen.Count;

        var calls = Enumerable.Range(0, 40).Select(i => AskAsync(sidecar, $"{i % 4}")).ToList();
        await Eventually.HoldsAsync(() => origin.Seen.Count > before);
        gate.SetResult();
        var bodies = await Task.WhenAll(calls);

        for (var i = 0; i < bodies.Length; i++) Assert.Equal($"in {i % 4}", bodies[i]);
        Assert.Equal(4, origin.Seen.Count - before);
    }

    private static async Task<string> AskAsync(RunningSidecar sidecar, string variant)
    {
        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("X-In", variant));
        return await answer.Content.ReadAsStringAsync();
    }
}
