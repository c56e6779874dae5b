using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.Routes;

/// <summary>How requests are spread over a route's destinations, by each policy that there is.</summary>
public sealed class LoadBalancingTests : IAsyncLifetime
{
    private const int Many = 200;
    private readonly TaskCompletionSource _gate = new();
    private ScriptedOrigin _one = null!;
    private ScriptedOrigin _two = null!;

    public ValueTask InitializeAsync()
    {
        _one = new ScriptedOrigin(Answer);
        _two = new ScriptedOrigin(Answer);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Fact]
    public async Task RoundRobin_Requests_TakeTurns()
    {
        await using var sidecar = await StartAsync("RoundRobin");

        await AskAsync(sidecar, Many);

        Assert.Equal((Many / 2, Many / 2), (_one.SeenOf("/a").Count, _two.SeenOf("/a").Count));
    }

    [Fact]
    public async Task FirstAlphabetical_Requests_AllGoToTheFirst()
    {
        await using var sidecar = await StartAsync("FirstAlphabetical");

        await AskAsync(sidecar, Many);

        var first = string.CompareOrdinal(_one.Url.ToString(), _two.Url.ToString()) < 0 ? _one : _two;
        Assert.Equal(Many, first.SeenOf("/a").Count);
    }

    // That one of two is never drawn in 200 draws happens once in 10^60 runs.
    [Theory]
    [InlineData("Random")]
    [InlineData("PowerOfTwoChoices")]
    public async Task Drawn_Requests_GoToBoth(string policy)
    {
        await using var sidecar = await StartAsync(policy);

        await AskAsync(sidecar, Many);

        Assert.True(_one.SeenOf("/a").Count > 0 && _two.SeenOf("/a").Count > 0, $"{_one.SeenOf("/a").Count} and {_two.SeenOf("/a").Count}");
    }

    [Fact]
    public async Task LeastRequests_OneThatIsBusy_GetsNoMore()
    {
        await using var sidecar = await StartAsync("LeastRequests");
        var (busy, held) = await HoldAsync(sidecar);

        await AskAsync(sidecar, Many);

        Assert.Empty(busy.SeenOf("/a"));
        await EndAsync(held);
    }

    // It is asked only where it is drawn twice: a quarter of 200, and half of them is eight standard deviations away.
    [Fact]
    public async Task PowerOfTwoChoices_OneThatIsBusy_GetsFewer()
    {
        await using var sidecar = await StartAsync("PowerOfTwoChoices");
        var (busy, held) = await HoldAsync(sidecar);

        await AskAsync(sidecar, Many);

        Assert.True(busy.SeenOf("/a").Count < Many / 2, $"the busy one was asked {busy.SeenOf("/a").Count} times");
        await EndAsync(held);
    }

    private OriginReply Answer(OriginRequestSeen request) => OriginReply.Of("body") with { Before = request.Target == "/hold" ? _gate.Task : Task.CompletedTask };

    private async Task<(ScriptedOrigin Busy, Task<string> Held)> HoldAsync(RunningSidecar sidecar)
    {
        var held = sidecar.Http.GetStringAsync("/hold");
        await Eventually.HoldsAsync(() => _one.Seen.Count + _two.Seen.Count == 1);
        return (_one.Seen.Count == 1 ? _one : _two, held);
    }

    private async Task EndAsync(Task<string> held)
    {
        _gate.SetResult();
        Assert.Equal("body", await held);
    }

    private static async Task AskAsync(RunningSidecar sidecar, int count)
    {
        for (var i = 0; i < count; i++) Assert.Equal("body", await sidecar.Http.GetStringAsync("/a"));
    }

    private Task<RunningSidecar> StartAsync(string policy) => RunningSidecar.StartAsync(RoutePolicies.With($$"""
            - name: all
              match: {path: "/{**rest}"}
              origin: {destinations: [{{RoutePolicies.Quoted(_one.Url, _two.Url)}}], loadBalancing: {{policy}}}
              cache: {mode: "Off"}
        """));
}
