using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Faults;

namespace TierOperator.Kubernetes.Informers;

public sealed class InformerTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _changes = [];
    private FakeApiServer _server = null!;
    private KubeClient _client = null!;
    private Informer<Kept> _informer = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync(new FakeApiServerOptions { BookmarkEvery = TimeSpan.FromMilliseconds(50) });
        _client = new KubeClient(_server.Connection, new KubeClientOptions { PageSize = 2 });
        _informer = new Informer<Kept>(_client, Kept.ConfigMaps, ListScope.Everything, NullLogger.Instance);
        _informer.Subscribe(change =>
        {
            lock (_changes) _changes.Add($"{change.Kind} {change.Current.Metadata.Name} {change.Current.Value}");
        });
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
    public async Task RunAsync_ObjectsComeChangeAndGo_AreTold()
    {
        Put("a", "1");
        await StartAsync();

        Put("a", "2");
        Put("b", "1");
        _server.Delete(ResourceTypes.ConfigMaps, Samples.Default("a"));

        await SeenAsync("Added a 1", "Updated a 2", "Added b 1", "Deleted a 2");
        Assert.Equal(["b"], _informer.Store.All.Select(item => item.Metadata.Name));
    }

    [Fact]
    public async Task RunAsync_WatchIsCut_MissesAndRepeatsNothing()
    {
        Put("a", "1");
        await StartAsync();

        _server.Faults.CutWatches();
        Put("a", "2");

        await SeenAsync("Added a 1", "Updated a 2");
        Assert.Single(_server.Calls, call => call.IsList);
    }

    [Fact]
    public async Task RunAsync_VersionIsGone_ListsAgainAndTellsWhatWasDeleted()
    {
        Put("a", "1");
        Put("b", "1");
        await StartAsync();

        _server.Faults.Next(call => call.IsWatch, ServerFault.Answer(410, "Expired"));
        _server.Faults.Next(call => call.IsWatch, new ServerFault(FaultKind.Cut));
        _server.Faults.CutWatches();
        _server.Delete(ResourceTypes.ConfigMaps, Samples.Default("a"));
        _server.State.Compact();

        await SeenAsync("Added a 1", "Added b 1", "Deleted a 1");
    }

    private void Put(string name, string value) => _server.Put(ResourceTypes.ConfigMaps, Samples.ConfigMap(name, value));

    private async Task StartAsync()
    {
        _running = _informer.RunAsync(_stop.Token);
        await _informer.WaitForSyncAsync(default);
        await Eventually.HoldsAsync(() => _server.OpenWatches == 1);
    }

    private async Task SeenAsync(params string[] expected)
    {
        await Eventually.HoldsAsync(() => Count() >= expected.Length);
        lock (_changes) Assert.Equal(expected, _changes);
    }

    private int Count()
    {
        lock (_changes) return _changes.Count;
    }
}
