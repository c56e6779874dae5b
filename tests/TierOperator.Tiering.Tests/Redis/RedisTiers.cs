using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>Opens tiers as the sidecar does.</summary>
internal static class RedisTiers
{
    /// <summary>A policy of its own, and far more time than a healthy server needs.</summary>
    public static RemoteTierOptions Options(double timeoutSeconds = 5) => new()
    {
        Namespace = "tests", Policy = "p" + Guid.NewGuid().ToString("N")[..12], Timeout = TimeSpan.FromSeconds(timeoutSeconds), Node = 7,
    };

    public static RedisTier Open(string url, RemoteTierOptions? options = null, Func<RedisTierOptions, RedisTierOptions>? change = null, RedisTopologyKind? topology = null, TimeProvider? time = null)
    {
        Assert.True(RedisEndpointUrl.TryParse(url, topology, out var endpoint, out var error), error);
        var all = new RedisTierOptions { Remote = options ?? Options(), Endpoint = endpoint };
        return new RedisTier(change?.Invoke(all) ?? all, time ?? TimeProvider.System, NullLogger<RedisTier>.Instance);
    }

    public static async Task<RedisTier> OpenHealthyAsync(
        string url, RemoteTierOptions? options = null, Func<RedisTierOptions, RedisTierOptions>? change = null, RedisTopologyKind? topology = null)
    {
        var tier = Open(url, options, change, topology);
        tier.Start();
        await IsAsync(tier, RemoteHealth.Healthy);
        return tier;
    }

    public static Task IsAsync(RedisTier tier, RemoteHealth health) => Eventually.HoldsAsync(() => tier.State.Health == health, () => $"the tier is {tier.State}, not {health}");
}
