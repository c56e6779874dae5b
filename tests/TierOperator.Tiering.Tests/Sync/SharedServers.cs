using TierOperator.TestKit.Postgres;
using TierOperator.TestKit.Redis;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>One Redis and one PostgreSQL for the sidecars of a test, under a policy of its own.</summary>
public sealed class SharedServers : IAsyncLifetime
{
    internal RedisServer Redis { get; private set; } = null!;
    internal PostgresServer Postgres { get; private set; } = null!;

    /// <summary>Each test's sessions stand under a name of their own.</summary>
    internal string Policy { get; private set; } = "";

    public async ValueTask InitializeAsync() => (Redis, Postgres) = (await RedisServer.StartAsync(), await PostgresServer.StartAsync());

    internal SharedServers Anew()
    {
        Policy = $"p{Guid.NewGuid():n}";
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        await Postgres.DisposeAsync();
    }
}
