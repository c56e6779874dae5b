using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>How long calls wait for a server that says nothing. Two calls are compared with each other, for a busy machine delays both.</summary>
public sealed class RedisTimesTests : IAsyncLifetime
{
    private readonly Changes _changes = new();
    private readonly RemoteTierOptions _options = RedisTiers.Options() with { Timeout = TimeSpan.FromMilliseconds(50), ApplyTimeout = TimeSpan.FromMilliseconds(800) };
    private RedisServer _server = null!;
    private RedisTier _tier = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _tier = await RedisTiers.OpenHealthyAsync(_server.Url, _options);
    }

    public async ValueTask DisposeAsync()
    {
        await _tier.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Apply_OfABatch_WaitsLongerThanOfOneChange()
    {
        _server.Freeze();

        var batch = _tier.ApplyAsync([_changes.Put("a", 1, ("i", "v")), _changes.Put("b", 2, ("i", "v"))], default).AsTask();
        var one = _tier.ApplyAsync([_changes.Put("c", 3, ("i", "v"))], default).AsTask();

        Assert.Same(one, await Task.WhenAny(batch, one));
        Assert.All([.. await one, .. await batch], static result => Assert.Equal(RemoteStatus.Unavailable, result.Status));
    }

    [Fact]
    public async Task Times_ChangedWhileServing_CountFromTheNextCallOn()
    {
        _options.Times.Call = TimeSpan.FromMilliseconds(800);
        _server.Freeze();

        var patient = _tier.ReadItemAsync("a"u8.ToArray(), "i"u8.ToArray(), default).AsTask();
        _options.Times.Call = TimeSpan.FromMilliseconds(50);
        var hasty = _tier.ReadItemAsync("a"u8.ToArray(), "i"u8.ToArray(), default).AsTask();

        Assert.Same(hasty, await Task.WhenAny(patient, hasty));
        Assert.Equal(RemoteReadStatus.Unavailable, (await hasty).Status);
        Assert.Equal(RemoteReadStatus.Unavailable, (await patient).Status);
    }
}
