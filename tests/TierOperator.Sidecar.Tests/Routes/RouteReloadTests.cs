using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.Routes;

/// <summary>Changing routes and losing origins while requests run.</summary>
public sealed class RouteReloadTests
{
    [Fact]
    public async Task Reload_UnderLoad_FailsNoRequestAndIsTaken()
    {
        var time = new ManualTime();
        await using var one = new ScriptedOrigin(_ => OriginReply.Of("one"));
        await using var two = new ScriptedOrigin(_ => OriginReply.Of("two"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(one.Url), time);
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(_ => LoadAsync(sidecar, stop.Token)).ToList();

        for (var i = 0; i < 6; i++)
        {
            var next = i % 2 == 0 ? two : one;
            var before = next.Seen.Count;
            await File.WriteAllTextAsync(sidecar.PolicyPath, RoutePolicies.CacheAll(next.Url));
            await TakenAsync(sidecar, time, i + 2);

            // Every change finds the load under way.
            await Eventually.HoldsAsync(() => next.Seen.Count > before + 10);
        }

        var last = await sidecar.Http.GetStringAsync("/last");
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.Equal("one", last);
    }

    [Fact]
    public async Task Reload_RoutesThatCannotRun_AreRefusedAndTheLastGoodServe()
    {
        var time = new ManualTime();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url), time);

        await File.WriteAllTextAsync(sidecar.PolicyPath, RoutePolicies.CacheAll(origin.Url).Replace("destinations:", "tls: {caSecretRef: {name: none}}, destinations:", StringComparison.Ordinal));
        await Eventually.HoldsAsync(() => sidecar.Host.Policy.Now.LastRefusal is not null, () => time.Advance(TimeSpan.FromSeconds(1)));

        Assert.Contains(sidecar.Host.Policy.Now.LastRefusal!.Reasons, reason => reason.Contains("--secrets", StringComparison.Ordinal));
        Assert.Equal("body", await sidecar.Http.GetStringAsync("/a"));
    }

    [Fact]
    public async Task Reload_RoutesTakenAway_AreGone()
    {
        var time = new ManualTime();
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url), time);

        await File.WriteAllTextAsync(sidecar.PolicyPath, Policies.MemoryOnly);
        await TakenAsync(sidecar, time, 2);

        await sidecar.SendAsync(HttpMethod.Get, "/a").AssertProblemAsync(404, "no-route");
    }

    [Fact]
    public async Task Origin_ThatDiesUnderLoad_FailsNoRequest()
    {
        await using var stays = new ScriptedOrigin(_ => OriginReply.Of("stays"));
        var dies = new ScriptedOrigin(_ => OriginReply.Of("dies"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(stays.Url, dies.Url));
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(_ => LoadAsync(sidecar, stop.Token)).ToList();

        await Eventually.HoldsAsync(() => dies.Seen.Count > 10);
        await dies.DisposeAsync();
        var after = stays.Seen.Count;
        await Eventually.HoldsAsync(() => stays.Seen.Count > after + 100);
        await stop.CancelAsync();

        Assert.True((await Task.WhenAll(load)).Sum() > 100);
    }

    // Any failed request fails the task.
    private static async Task<int> LoadAsync(RunningSidecar sidecar, CancellationToken stop)
    {
        var count = 0;
        for (; !stop.IsCancellationRequested; count++) await sidecar.Http.GetStringAsync($"/load/{count}", CancellationToken.None);
        return count;
    }

    private static Task TakenAsync(RunningSidecar sidecar, ManualTime time, int accepted)
        => Eventually.HoldsAsync(() => sidecar.Host.Policy.Accepted >= accepted, () => time.Advance(TimeSpan.FromSeconds(1)));
}
