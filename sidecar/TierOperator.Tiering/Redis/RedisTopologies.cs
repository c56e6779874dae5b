using Microsoft.Extensions.Logging;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis;

/// <summary>How a connection for the app's own commands speaks, and how long the server may be busy with one of them.</summary>
internal readonly record struct NativeLink(int Protocol, TimeSpan FrozenAfter);

/// <summary>Makes what an endpoint says.</summary>
internal static class RedisTopologies
{
    public static RedisDialer Dialer(RedisTierOptions options, TimeProvider time) => new(
        new RedisLogin
        {
            User = options.Endpoint.User, Password = options.Endpoint.Password, Database = options.Endpoint.Database,
            Tls = options.Endpoint.UsesTls ? options.Tls : null, ClientName = Name(options), Script = ApplyScript.Source,
        },
        time);

    /// <summary>For the app's own commands: in the form that its client speaks, without the script, and with shorter replies.</summary>
    public static RedisDialer NativeDialer(RedisTierOptions options, NativeLink link, TimeProvider time) => new(
        new RedisLogin
        {
            User = options.Endpoint.User, Password = options.Endpoint.Password, Database = options.Endpoint.Database,
            Tls = options.Endpoint.UsesTls ? options.Tls : null, ClientName = Name(options), Protocol = link.Protocol,
            Limits = new RespLimits { MaxFrameBytes = Native.NativeServer.MostReplyBytes, MaxBulkBytes = Native.NativeServer.MostReplyBytes },
        },
        time)
    {
        FrozenAfter = link.FrozenAfter,
    };

    public static IRedisTopology Create(RedisTierOptions options, RedisDialer dialer, TimeProvider time, ILogger logger) => options.Endpoint.Topology switch
    {
        RedisTopologyKind.Cluster => new ClusterTopology(options.Endpoint.Addresses, dialer, time, logger),
        RedisTopologyKind.Sentinel => new SentinelTopology(options.Endpoint, dialer, ToSentinels(options, time), time, logger),
        _ => new StandaloneTopology(options.Endpoint.Addresses[0], dialer, time),
    };

    private static RedisDialer ToSentinels(RedisTierOptions options, TimeProvider time) => new(
        new RedisLogin
        {
            User = options.Endpoint.SentinelUser, Password = options.Endpoint.SentinelPassword,
            Tls = options.Endpoint.UsesTls ? options.Tls : null, ClientName = Name(options),
        },
        time);

    private static string Name(RedisTierOptions options) => $"tier-{options.Remote.Node}";
}
