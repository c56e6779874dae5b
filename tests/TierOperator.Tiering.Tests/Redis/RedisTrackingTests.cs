using System.Collections.Concurrent;
using System.Text;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>What the server itself says of changed keys, beside what sidecars announce.</summary>
public sealed class RedisTrackingTests : IAsyncLifetime
{
    private readonly Changes _changes = new();
    private readonly ConcurrentQueue<string> _heard = new();
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly RemoteTierOptions _options = RedisTiers.Options();
    private RedisServer _server = null!;
    private int _gaps;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened)) await opened.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Stranger_ChangesAndDeletesAKey_IsHeardOnceEach()
    {
        var writer = await OpenAsync();
        var backplane = await ListenAsync(writer);
        await ApplyAsync(writer, _changes.Put("a", 1, ("i", "v")));
        await HeardAsync("a@1");

        await _server.RunAsync("HSET", KeyOf("a"), "anything", "else");
        await HeardAsync("a@1", "a@0");
        await _server.RunAsync("DEL", KeyOf("a"));
        await HeardAsync("a@1", "a@0", "a@0");
        await _server.RunAsync("SET", "somebody:elses", "1");
        await ApplyAsync(writer, _changes.Put("z", 9, ("i", "v")));

        await HeardAsync("a@1", "a@0", "a@0", "z@9");
        Assert.Equal(BackplaneWay.Tracking, backplane.Way);
        Assert.Equal(1, Volatile.Read(ref _gaps));
    }

    [Fact]
    public async Task Announced_Changes_AreNotHeardASecondTime()
    {
        var writer = await OpenAsync();
        await ListenAsync(writer);
        for (var version = 1u; version <= 200; version++) await ApplyAsync(writer, _changes.Put($"s{version % 7}", version, ("i", "v")));
        await Task.WhenAll(Enumerable.Range(201, 200).Select(version => ApplyAsync(writer, _changes.Put($"s{version % 7}", (uint)version, ("i", "v")))));
        await ApplyAsync(writer, _changes.Delete("s1", 1000));
        await ApplyAsync(writer, _changes.Put("last", 1001, ("i", "v")));

        await Eventually.HoldsAsync(() => _heard.Contains("last@1001"), () => string.Join(", ", _heard));
        Assert.DoesNotContain(_heard, static heard => heard.EndsWith("@0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Server_Flushed_IsAGap()
    {
        await ListenAsync(await OpenAsync());

        await _server.RunAsync("FLUSHALL");

        await Eventually.HoldsAsync(() => Volatile.Read(ref _gaps) == 2, () => $"{_gaps} gaps");
    }

    [Fact]
    public async Task Connection_Cut_IsAGapAndTracksAgain()
    {
        var backplane = await ListenAsync(await OpenAsync());

        await _server.RunAsync("CLIENT", "KILL", "TYPE", "pubsub");

        await Eventually.HoldsAsync(() => Volatile.Read(ref _gaps) == 2 && backplane.Way == BackplaneWay.Tracking, () => $"{_gaps} gaps, {backplane.Way}");
        await _server.RunAsync("HSET", KeyOf("a"), "x", "y");
        await HeardAsync("a@0");
    }

    [Fact]
    public async Task User_WithoutRightsToTrack_HearsWhatIsAnnounced()
    {
        await _server.RunAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-client|tracking");
        var writer = await OpenAsync($"redis://app:secret@127.0.0.1:{_server.Port}");

        var backplane = await ListenAsync(writer);
        await _server.RunAsync("HSET", KeyOf("stranger"), "x", "y");
        await ApplyAsync(writer, _changes.Put("a", 1, ("i", "v")));

        await HeardAsync("a@1");
        Assert.Equal(BackplaneWay.PubSub, backplane.Way);
    }

    [Fact]
    public async Task Option_NotToTrack_IsKept()
    {
        var writer = await OpenAsync(change: static options => options with { Tracks = false });

        Assert.Equal(BackplaneWay.PubSub, (await ListenAsync(writer)).Way);
    }

    private string KeyOf(string session) => $"tier:{_options.Namespace}/{_options.Policy}:s:{{:{session}}}";

    private async Task<RedisTier> OpenAsync(string? url = null, Func<RedisTierOptions, RedisTierOptions>? change = null)
    {
        var tier = await RedisTiers.OpenHealthyAsync(url ?? _server.Url, _options, change);
        _opened.Add(tier);
        return tier;
    }

    private async Task<IBackplane> ListenAsync(RedisTier tier)
    {
        var backplane = tier.OpenBackplane();
        _opened.Add(backplane);
        backplane.Announced += heard => _heard.Enqueue($"{Encoding.UTF8.GetString(heard.Session.Span)}@{heard.Newest.Stamp}");
        backplane.Gap += () => Interlocked.Increment(ref _gaps);
        backplane.Start();
        await Eventually.HoldsAsync(() => backplane.IsConnected, () => "the backplane does not connect");
        return backplane;
    }

    private Task HeardAsync(params string[] expected)
        => Eventually.HoldsAsync(() => _heard.SequenceEqual(expected), () => string.Join(", ", _heard));

    private static async Task ApplyAsync(RedisTier writer, RemoteChange change)
    {
        var results = await writer.ApplyAsync([change with { IsWhole = change.Header is not null }], default);
        Assert.NotEqual(RemoteStatus.Unavailable, results[0].Status);
    }
}
