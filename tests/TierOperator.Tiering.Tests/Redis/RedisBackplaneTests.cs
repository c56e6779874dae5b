using System.Collections.Concurrent;
using System.Text;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

public sealed class RedisBackplaneTests : IAsyncLifetime
{
    private readonly Changes _changes = new();
    private readonly ConcurrentQueue<string> _heard = new();
    private RedisServer _server = null!;
    private RedisTier _writer = null!;
    private RedisTier _listener = null!;
    private IBackplane _backplane = null!;
    private int _gaps;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        var options = RedisTiers.Options();
        (_writer, _listener) = (await RedisTiers.OpenHealthyAsync(_server.Url, options), await RedisTiers.OpenHealthyAsync(_server.Url, options with { Node = 8 }));
        _backplane = _listener.OpenBackplane();
        _backplane.Announced += heard => _heard.Enqueue($"{Encoding.UTF8.GetString(heard.Session.Span)}@{heard.Newest.Stamp} by {heard.Node}");
        _backplane.Gap += () => Interlocked.Increment(ref _gaps);
        _backplane.Start();
        await Eventually.HoldsAsync(() => _backplane.IsConnected, () => "the backplane does not connect");
    }

    public async ValueTask DisposeAsync()
    {
        await _backplane.DisposeAsync();
        await _listener.DisposeAsync();
        await _writer.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Announced_Changes_AreHeardInOrderWithVersionAndNode()
    {
        await ApplyAsync(_changes.Put("a", 1, ("i", "v")));
        await ApplyAsync(_changes.Remove("a", 2, "i"));
        await ApplyAsync(_changes.Delete("b", 3));

        await Eventually.HoldsAsync(() => _heard.Count == 3, () => string.Join(", ", _heard));
        Assert.Equal(["a@1 by 7", "a@2 by 7", "b@3 by 7"], _heard);
        Assert.Equal(1, _gaps);
    }

    [Fact]
    public async Task Announced_TouchesAndWhatChangedNothing_AreNot()
    {
        var change = _changes.Put("a", 2, ("i", "v"));
        await ApplyAsync(change);
        await ApplyAsync(change);
        await ApplyAsync(_changes.Put("a", 1, ("i", "old")));
        await ApplyAsync(change with { Puts = [], IsAnnounced = false, Header = change.Header! with { LastAccessMs = change.Header.LastAccessMs + 1000 } });
        await ApplyAsync(_changes.Put("a", 3, ("i", "last")));

        await Eventually.HoldsAsync(() => _heard.Count >= 2, () => string.Join(", ", _heard));
        Assert.Equal(["a@2 by 7", "a@3 by 7"], _heard);
        Assert.Equal(1, _gaps);
    }

    [Fact]
    public async Task Gap_ConnectionLost_IsToldWhenItIsBack()
    {
        await _server.RunAsync("CLIENT", "KILL", "TYPE", "pubsub");

        await Eventually.HoldsAsync(() => Volatile.Read(ref _gaps) == 2 && _backplane.IsConnected, () => $"{_gaps} gaps");
        await ApplyAsync(_changes.Put("a", 1, ("i", "v")));
        await Eventually.HoldsAsync(() => _heard.Count == 1, () => "nothing is heard any more");
    }

    [Fact]
    public async Task Gap_AnnouncementSkipped_IsTold()
    {
        await ApplyAsync(_changes.Put("a", 1, ("i", "v")));
        await Eventually.HoldsAsync(() => _heard.Count == 1, () => "nothing is heard");

        // An announcement that never came: the server refuses the write, and the number is gone.
        await _server.RunAsync("CONFIG", "SET", "maxmemory", "1");
        await _writer.ApplyAsync([_changes.Put("b", 2, ("i", "v"))], default);
        await _server.RunAsync("CONFIG", "SET", "maxmemory", "0");
        await RedisTiers.IsAsync(_writer, RemoteHealth.Healthy);
        await ApplyAsync(_changes.Put("c", 3, ("i", "v")));

        await Eventually.HoldsAsync(() => Volatile.Read(ref _gaps) == 2, () => $"{_gaps} gaps");
    }

    [Fact]
    public async Task IsConnected_FrozenServer_BecomesFalse()
    {
        _server.Freeze();

        await Eventually.HoldsAsync(() => !_backplane.IsConnected, () => "the backplane still claims to be connected");
        _server.Thaw();
        await Eventually.HoldsAsync(() => _backplane.IsConnected, () => "the backplane does not come back");
    }

    private async Task ApplyAsync(RemoteChange change)
    {
        var results = await _writer.ApplyAsync([change with { IsWhole = change.Header is not null }], default);
        Assert.NotEqual(RemoteStatus.Unavailable, results[0].Status);
    }
}
