using System.Text;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>A server that takes no argument above a mebibyte, and values larger than that.</summary>
public sealed class RedisBulkLimitTests : IAsyncLifetime
{
    private readonly Changes _changes = new();
    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync("--proto-max-bulk-len", "1mb");

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Apply_LargerThanTheServerTakes_IsRefusedWithoutBreakingTheConnection()
    {
        await using var tier = await RedisTiers.OpenHealthyAsync(_server.Url);
        await Eventually.HoldsAsync(() => tier.LargestBytes == 1 << 20, () => $"{tier.LargestBytes}");
        var before = await ConnectionsAsync();

        var refused = await tier.ApplyAsync([Put("large", 2_000_000), Put("small", 100)], default);

        Assert.Equal([RemoteStatus.Refused, RemoteStatus.Applied], refused.Select(static result => result.Status));
        Assert.Contains("proto-max-bulk-len", refused[0].Detail, StringComparison.Ordinal);
        Assert.Equal(before, await ConnectionsAsync());
        await _server.RunAsync("CONFIG", "SET", "proto-max-bulk-len", "8mb");
        await Eventually.HoldsAsync(async () => (await tier.ApplyAsync([Put("large", 2_000_000)], default))[0].Status == RemoteStatus.Applied, () => "it is refused on");
    }

    [Fact]
    public async Task Apply_WhatCompressionMakesSmallEnough_IsTaken()
    {
        await using var tier = await RedisTiers.OpenHealthyAsync(_server.Url);
        await Eventually.HoldsAsync(() => tier.LargestBytes == 1 << 20, () => $"{tier.LargestBytes}");
        var change = _changes.Put(Encoding.UTF8.GetBytes("s"), 1, ("i"u8.ToArray(), new byte[3_000_000])) with { IsWhole = true };

        Assert.Equal(RemoteStatus.Applied, (await tier.ApplyAsync([change], default))[0].Status);
    }

    [Fact]
    public async Task Apply_UserMayNotAskForTheLimit_TheTierGoesOnWithWhatFits()
    {
        await _server.RunAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-config");
        await using var tier = await RedisTiers.OpenHealthyAsync($"redis://app:secret@127.0.0.1:{_server.Port}", RedisTiers.Options(timeoutSeconds: 1));

        var large = (await tier.ApplyAsync([Put("large", 2_000_000)], default))[0].Status;

        Assert.True(large is RemoteStatus.Refused or RemoteStatus.Unavailable, large.ToString());
        await Eventually.HoldsAsync(async () => (await tier.ApplyAsync([Put("small", 100)], default))[0].Status is RemoteStatus.Applied or RemoteStatus.Older, () => $"nothing is taken any more: {tier.State}");
    }

    private RemoteChange Put(string session, int bytes)
    {
        var value = new byte[bytes];
        new Random(7).NextBytes(value);
        return _changes.Put(Encoding.UTF8.GetBytes(session), 1, ("i"u8.ToArray(), value)) with { IsWhole = true };
    }

    private async Task<string> ConnectionsAsync()
        => string.Join(' ', (await _server.RunAsync("CLIENT", "LIST")).Split('\n').Where(static line => line.Contains("name=tier", StringComparison.Ordinal)).Select(static line => line.Split(' ')[0]));
}
