using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis;

/// <summary>Makes what an endpoint says.</summary>
internal static class RedisTopologies
{
    public static IRedisTopology Create(RedisTierOptions options, TimeProvider time)
    {
        var endpoint = options.Endpoint;
        var tls = endpoint.UsesTls ? options.Tls : null;
        var login = new RedisLogin { User = endpoint.User, Password = endpoint.Password, Database = endpoint.Database, Tls = tls, ClientName = $"tier-{options.Remote.Node}" };
        var dialer = new RedisDialer(login, time);
        return endpoint.Topology switch
        {
            RedisTopologyKind.Cluster => new ClusterTopology(endpoint.Addresses, dialer, time),
            RedisTopologyKind.Sentinel => new SentinelTopology(
                endpoint, dialer, new RedisDialer(new RedisLogin { User = endpoint.SentinelUser, Password = endpoint.SentinelPassword, Tls = tls, ClientName = login.ClientName }, time), time),
            _ => new StandaloneTopology(endpoint.Addresses[0], dialer, time),
        };
    }
}
