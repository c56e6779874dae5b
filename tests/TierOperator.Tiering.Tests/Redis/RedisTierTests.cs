using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>What every remote tier has to do, against one redis-server.</summary>
public sealed class RedisTierTests(StandaloneRedis redis) : RemoteTierContractTests, IClassFixture<StandaloneRedis>
{
    protected override ValueTask<IRemoteTier> OpenAsync(RemoteTierOptions options) => new(RedisTiers.Open(redis.Server.Url, options));
}

/// <summary>One server for the tests of a class.</summary>
public sealed class StandaloneRedis : IAsyncLifetime
{
    public RedisServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
