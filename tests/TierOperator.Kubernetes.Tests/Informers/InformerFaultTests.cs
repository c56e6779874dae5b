using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Faults;

namespace TierOperator.Kubernetes.Informers;

/// <summary>What API servers and networks do to informers; whatever it is, the store ends up equal to the server.</summary>
public sealed class InformerFaultTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ObjectChange<Kept>> _changes = [];
    private FakeApiServer _server = null!;
    private KubeClient _client = null!;
    private Informer<Kept> _informer = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync(new FakeApiServerOptions { BookmarkEvery = TimeSpan.FromMilliseconds(50) });
        var brief = new KubeClientOptions
        {
            PageSize = 2, LeastWatchTime = TimeSpan.FromSeconds(1), GreatestWatchTime = TimeSpan.FromSeconds(1), WatchGrace = TimeSpan.FromMilliseconds(300),
        };
        _client = new KubeClient(_server.Connection, brief);
        _informer = new Informer<Kept>(_client, Kept.ConfigMaps, ListScope.Everything, NullLogger.Instance);
        _informer.Subscribe(change =>
        {
            lock (_changes) _changes.Add(change);
        });
        foreach (var name in new[] { "a", "b", "c" }) Put(name, "1");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Start_ServerRefusesAtFirst_IsTriedUntilItAnswers()
    {
        _server.Faults.Next(call => call.IsList, new ServerFault(FaultKind.Cut));
        _server.Faults.Next(call => call.IsList, ServerFault.Answer(429, "TooManyRequests", retryAfterSeconds: 0));
        _server.Faults.Next(call => call.IsList, ServerFault.Answer(500, "InternalError"));

        await StartAsync();

        await EqualAsync();
    }

    [Fact]
    public async Task List_GoneBetweenPages_StartsAnew()
    {
        _server.Faults.Next(call => call.IsList && call.Query.Contains("continue=", StringComparison.Ordinal), ServerFault.Answer(410, "Expired"));

        await StartAsync();

        await EqualAsync();
        Assert.Equal(3, _changes.Count);
    }

    [Theory]
    [InlineData(410, "Expired", 2)]
    [InlineData(500, "InternalError", 1)]
    public async Task Watch_ErrorEvent_EndsTheStreamAndOnlyGoneListsAgain(int status, string reason, int lists)
    {
        await StartAsync();

        _server.Faults.FailWatches(status, reason);
        Put("a", "2");

        await EqualAsync();
        await Eventually.HoldsAsync(() => Lists() == lists);
    }

    [Fact]
    public async Task Watch_HalfOpen_IsGivenUpAndTakenUpAgain()
    {
        await StartAsync();
        _server.Faults.AreWatchesFrozen = true;
        Put("a", "2");
        var opened = Opened();

        await Eventually.HoldsAsync(() => Opened() > opened);
        _server.Faults.AreWatchesFrozen = false;

        await EqualAsync();
    }

    [Fact]
    public async Task Watch_CutWithinAnEvent_TakesTheEventFromTheNextStream()
    {
        await StartAsync();

        _server.Faults.EndWatches("""{"type":"ADDED","object":{"metadata":{"name":"half""");
        Put("a", "2");

        await EqualAsync();
    }

    [Fact]
    public async Task Watch_ObjectsOfBadForm_AreReadAsFarAsTheyGo()
    {
        await StartAsync();

        _server.Faults.EndWatches("""{"type":"ADDED","object":{"metadata":{"name":"odd","namespace":"default","resourceVersion":"9","labels":[1],"generation":"x"},"data":7}}""" + "\n");

        await Eventually.HoldsAsync(() => _informer.Store.Find(Samples.Default("odd")) is not null);
    }

    [Fact]
    public async Task Watch_Bookmark_MovesTheVersion()
    {
        await StartAsync();
        var other = Samples.Pod("elsewhere");
        _server.Put(ResourceTypes.Pods, other);
        var version = _server.State.Version;
        await Eventually.HoldsAsync(() => _server.Calls.Any(call => call.IsWatch && call.Query.Contains($"resourceVersion={version}&", StringComparison.Ordinal)));

        _server.State.Compact();
        _server.Faults.CutWatches();
        Put("a", "2");

        await EqualAsync();
        Assert.Equal(1, Lists());
    }

    [Fact]
    public async Task Watch_CutAgainAndAgainUnderWrites_MissesAndRepeatsNothing()
    {
        await StartAsync();
        for (var round = 2; round <= 60; round++)
        {
            Put("a", $"{round}");
            if (round % 10 == 0) _server.Delete(ResourceTypes.ConfigMaps, Samples.Default("b"));
            if (round % 10 == 5) Put("b", $"{round}");
            _server.Faults.CutWatches();
            if (round % 7 == 0) await EqualAsync();
        }

        await EqualAsync();

        lock (_changes)
        {
            var versions = _changes.Where(change => change.Kind != ChangeKind.Deleted).Select(change => change.Current.Metadata.ResourceVersion).ToList();
            Assert.Equal(versions.Distinct().Count(), versions.Count);
            Assert.Equal(Enumerable.Range(1, 60).Select(round => $"{round}"), _changes.Where(change => change.Current.Metadata.Name == "a").Select(change => change.Current.Value));
        }
    }

    private void Put(string name, string value) => _server.Put(ResourceTypes.ConfigMaps, Samples.ConfigMap(name, value));

    private int Lists() => _server.Calls.Count(call => call.IsList && !call.Query.Contains("continue=", StringComparison.Ordinal));

    private int Opened() => _server.Calls.Count(call => call.IsWatch);

    private async Task StartAsync()
    {
        _running = _informer.RunAsync(_stop.Token);
        await _informer.WaitForSyncAsync(default);
        await Eventually.HoldsAsync(() => _server.OpenWatches == 1);
    }

    private Task EqualAsync() => Eventually.HoldsAsync(() => Versions(_informer.Store.All.Select(item => item.Metadata))
        .SetEquals(Versions(_server.All(ResourceTypes.ConfigMaps).Select(body => ObjectMeta.Read(System.Text.Json.JsonSerializer.SerializeToElement(body))))));

    private static HashSet<(string, string)> Versions(IEnumerable<ObjectMeta> items) => [.. items.Select(item => (item.Name, item.ResourceVersion))];
}
