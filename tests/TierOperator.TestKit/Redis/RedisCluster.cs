using System.Diagnostics;

namespace TierOperator.TestKit.Redis;

/// <summary>A Redis Cluster of three primaries with a replica each, that fails over about a second after a primary's death.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private RedisCluster(IReadOnlyList<RedisServer> servers) => Servers = servers;

    /// <summary>The three that began as primaries, then their replicas.</summary>
    public IReadOnlyList<RedisServer> Servers { get; }

    public static async Task<RedisCluster> StartAsync()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => RedisServer.StartAsync(
            "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-config-file", "nodes.conf", "--repl-diskless-sync-delay", "0", "--cluster-replica-validity-factor", "0")));
        var cluster = new RedisCluster(servers);
        var (created, _) = await RedisCli.RunAsync(["--cluster", "create", .. servers.Select(server => $"127.0.0.1:{server.Port}"), "--cluster-replicas", "1", "--cluster-yes"]);
        if (!created.Contains("All 16384 slots covered", StringComparison.Ordinal)) throw new InvalidOperationException(created);
        await cluster.UntilAsync(async () => await cluster.IsWholeAsync(), "the Cluster did not come together");
        return cluster;
    }

    /// <summary>All servers agree that all is well, and every replica is in step.</summary>
    public async Task<bool> IsWholeAsync()
    {
        foreach (var server in Servers)
        {
            if (!(await server.RunAsync("CLUSTER", "INFO")).Contains("cluster_state:ok", StringComparison.Ordinal)) return false;
            var replication = await server.RunAsync("INFO", "replication");
            if (replication.Contains("role:slave", StringComparison.Ordinal) && !replication.Contains("master_link_status:up", StringComparison.Ordinal)) return false;
            if (replication.Contains("role:master", StringComparison.Ordinal) && !replication.Contains("connected_slaves:1", StringComparison.Ordinal)) return false;
        }

        return true;
    }

    /// <summary>Waits until a server has become primary; how long that took.</summary>
    public Task<TimeSpan> UntilPromotedAsync(RedisServer server)
        => UntilAsync(async () => (await server.RunAsync("INFO", "replication")).Contains("role:master", StringComparison.Ordinal), "nobody was promoted");

    /// <summary>The replica that follows a primary.</summary>
    public async Task<RedisServer> ReplicaOfAsync(RedisServer primary)
    {
        foreach (var server in Servers)
        {
            if ((await server.RunAsync("INFO", "replication")).Contains($"master_port:{primary.Port}", StringComparison.Ordinal)) return server;
        }

        throw new InvalidOperationException("the primary has no replica");
    }

    /// <summary>Moves slots from one primary to another, with their keys, as an operator does.</summary>
    public async Task ReshardAsync(RedisServer from, RedisServer to, int slots)
    {
        var (source, target) = (await from.RunAsync("CLUSTER", "MYID"), await to.RunAsync("CLUSTER", "MYID"));
        var (done, isTaken) = await RedisCli.RunAsync(
            "--cluster", "reshard", $"127.0.0.1:{from.Port}", "--cluster-from", source, "--cluster-to", target, "--cluster-slots", $"{slots}", "--cluster-yes", "--cluster-pipeline", "5");
        if (!isTaken) throw new InvalidOperationException(done);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers) await server.DisposeAsync();
    }

    private async Task<TimeSpan> UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > s_patience) throw new TimeoutException(otherwise);
            await Task.Delay(20);
        }

        return Stopwatch.GetElapsedTime(started);
    }
}
