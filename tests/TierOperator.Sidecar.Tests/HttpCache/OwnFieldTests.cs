using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Fields of a shared answer that are one client's: those that a qualified private names.</summary>
public sealed class OwnFieldTests
{
    [Fact]
    public async Task Cookie_OfAnAnswerThatManyWaitFor_GoesToOneOfThem()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=60, private=\"Set-Cookie\"", "Set-Cookie: id=1") with { Before = gate.Task });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var calls = Enumerable.Range(0, 20).Select(_ => CookieAsync(sidecar)).ToList();
        await Eventually.HoldsAsync(() => origin.Seen.Count == 1);
        gate.SetResult();
        var cookies = await Task.WhenAll(calls);

        Assert.Single(cookies, cookie => cookie is not null);
        Assert.Single(origin.Seen);
    }

    private static async Task<string?> CookieAsync(RunningSidecar sidecar)
    {
        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a");
        return answer.Header("Set-Cookie");
    }
}
