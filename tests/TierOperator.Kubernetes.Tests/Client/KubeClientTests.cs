using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Faults;

namespace TierOperator.Kubernetes.Client;

public sealed class KubeClientTests : IAsyncLifetime
{
    private FakeApiServer _server = null!;
    private KubeClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _client = new KubeClient(_server.Connection, new KubeClientOptions { PageSize = 2, RequestTimeout = TimeSpan.FromSeconds(2) });
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task GetAsync_MissingObject_IsNull()
    {
        Assert.Null(await _client.GetAsync(ResourceTypes.ConfigMaps, Samples.Default("none"), default));
    }

    [Fact]
    public async Task DeleteAsync_MissingObject_IsFalse()
    {
        Assert.False(await _client.DeleteAsync(ResourceTypes.ConfigMaps, Samples.Default("none"), new DeleteOptions(), default));
    }

    [Fact]
    public async Task DeleteAsync_AnotherObjectOfTheName_IsRefused()
    {
        await _client.CreateAsync(ResourceTypes.ConfigMaps, Samples.ConfigMap("a"), default);

        var error = await Assert.ThrowsAsync<KubeApiException>(() => _client.DeleteAsync(ResourceTypes.ConfigMaps, Samples.Default("a"), new DeleteOptions(Uid: "other"), default));

        Assert.True(error.IsConflict);
        Assert.NotNull(_server.Find(ResourceTypes.ConfigMaps, Samples.Default("a")));
    }

    [Fact]
    public async Task ListPageAsync_MoreThanAPage_GoesOnWithTheToken()
    {
        foreach (var name in new[] { "a", "b", "c" }) _server.Put(ResourceTypes.ConfigMaps, Samples.ConfigMap(name));

        var first = await _client.ListPageAsync(Kept.ConfigMaps, ListScope.Everything, null, default);
        var second = await _client.ListPageAsync(Kept.ConfigMaps, ListScope.Everything, first.Continue, default);

        Assert.Equal(["a", "b"], first.Items.Select(item => item.Metadata.Name));
        Assert.Equal(["c"], second.Items.Select(item => item.Metadata.Name));
        Assert.Null(second.Continue);
        Assert.Equal(first.ResourceVersion, second.ResourceVersion);
    }

    // A connection that is half open is found by that time at the latest; drawn, so that watches do not end together.
    [Fact]
    public async Task WatchAsync_TimeItAsksFor_IsDrawnBetweenFiveAndTenMinutes()
    {
        for (var watch = 0; watch < 20; watch++)
        {
            using var stop = new CancellationTokenSource();
            var events = _client.WatchAsync(Kept.ConfigMaps, ListScope.Everything, "1", stop.Token).GetAsyncEnumerator(stop.Token);
            var next = events.MoveNextAsync().AsTask();
            await Eventually.HoldsAsync(() => _server.Calls.Count(call => call.IsWatch) == watch + 1);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        }

        var asked = _server.Calls.Where(call => call.IsWatch).Select(call => int.Parse(System.Web.HttpUtility.ParseQueryString(call.Query)["timeoutSeconds"]!)).ToList();
        Assert.All(asked, seconds => Assert.InRange(seconds, 300, 600));
        Assert.True(asked.Distinct().Count() > 5, string.Join(',', asked));
    }

    [Fact]
    public async Task ReplaceAsync_ObjectThatChangedMeanwhile_IsAConflict()
    {
        var read = await _client.CreateAsync(ResourceTypes.ConfigMaps, Samples.ConfigMap("a"), default);
        _server.Put(ResourceTypes.ConfigMaps, Samples.ConfigMap("a", "2"));

        var error = await Assert.ThrowsAsync<KubeApiException>(() => _client.ReplaceAsync(ResourceTypes.ConfigMaps, Samples.Default("a"), read, default));

        Assert.True(error.IsConflict);
    }

    [Fact]
    public async Task SendAsync_TooManyRequests_ComesBackWhenAsked()
    {
        _server.Put(ResourceTypes.ConfigMaps, Samples.ConfigMap("a"));
        _server.Faults.Next(call => call.Method == "GET", ServerFault.Answer(429, "TooManyRequests", retryAfterSeconds: 0), times: 3);

        var found = await _client.GetAsync(ResourceTypes.ConfigMaps, Samples.Default("a"), default);

        Assert.NotNull(found);
        Assert.Equal(4, _server.Calls.Count);
    }

    [Fact]
    public async Task SendAsync_ServerThatNeverAnswers_IsATimeoutAndNotOurCancellation()
    {
        _server.Faults.Next(_ => true, new ServerFault(FaultKind.Silence));

        var error = await Assert.ThrowsAsync<KubeApiException>(() => _client.GetAsync(ResourceTypes.ConfigMaps, Samples.Default("a"), default));

        Assert.Equal("Timeout", error.Fault.Reason);
        Assert.Null(error.Status);
    }

    [Fact]
    public async Task SendAsync_OurCancellation_ComesOutAsSuch()
    {
        _server.Faults.Next(_ => true, new ServerFault(FaultKind.Silence));
        using var stop = new CancellationTokenSource();

        var request = _client.GetAsync(ResourceTypes.ConfigMaps, Samples.Default("a"), stop.Token);
        await Eventually.HoldsAsync(() => _server.Calls.Count == 1);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    [Fact]
    public async Task SendAsync_ProxyThatAnswersAPage_IsTold()
    {
        _server.Faults.Next(_ => true, new ServerFault(FaultKind.Answer, 502) { Body = "<html>bad gateway</html>" });

        var error = await Assert.ThrowsAsync<KubeApiException>(() => _client.GetAsync(ResourceTypes.ConfigMaps, Samples.Default("a"), default));

        Assert.Equal(502, (int)error.Status!);
    }

    [Fact]
    public async Task ApplyAsync_ObjectThatWasRead_IsRefusedBeforeItIsSent()
    {
        var read = await _client.CreateAsync(ResourceTypes.ConfigMaps, Samples.ConfigMap("a"), default);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => _client.ApplyAsync(ResourceTypes.ConfigMaps, read, new ApplyOptions("me"), default));

        Assert.Contains("was read from the server", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ApplyStatusIfChangedAsync_SameStatus_WritesNothing()
    {
        var pod = Samples.Pod("a");
        pod["status"] = new JsonObject { ["phase"] = "Running" };
        _server.Put(ResourceTypes.Pods, pod);
        var current = (await _client.GetAsync(RawObject.View(ResourceTypes.Pods), Samples.Default("a"), default))!;
        _server.ForgetCalls();

        var same = await _client.ApplyStatusIfChangedAsync(ResourceTypes.Pods, current, new JsonObject { ["phase"] = "Running" }, new ApplyOptions("me"), default);
        var other = await _client.ApplyStatusIfChangedAsync(ResourceTypes.Pods, current, new JsonObject { ["phase"] = "Failed" }, new ApplyOptions("me"), default);

        Assert.False(same);
        Assert.True(other);
        Assert.Equal(["/api/v1/namespaces/default/pods/a/status"], _server.Calls.Select(call => call.Path));
    }
}
