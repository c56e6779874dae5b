using System.Diagnostics;

namespace TierOperator.TestKit.Redis;

/// <summary>A primary with two replicas, and three Sentinels that know it as <c>main</c> and fail over about a second after its death.</summary>
public sealed class RedisSentinels : IAsyncDisposable
{
    public const string Service = "main";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly List<RedisServer> _sentinels = [];

    private RedisSentinels(RedisServer primary, IReadOnlyList<RedisServer> replicas) => (Primary, Replicas) = (primary, replicas);

    /// <summary>The one that began as primary.</summary>
    public RedisServer Primary { get; }
    public IReadOnlyList<RedisServer> Replicas { get; }
    public string Url => $"redis+sentinel://{string.Join(',', _sentinels.Select(sentinel => $"127.0.0.1:{sentinel.Port}"))}/{Service}";

    public static async Task<RedisSentinels> StartAsync()
    {
        var primary = await RedisServer.StartAsync("--repl-diskless-sync-delay", "0");
        var replicas = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => RedisServer.StartAsync("--replicaof", $"127.0.0.1 {primary.Port}")));
        var group = new RedisSentinels(primary, replicas);
        for (var i = 0; i < 3; i++)
        {
            group._sentinels.Add(await RedisServer.StartSentinelAsync($"""
                sentinel monitor {Service} 127.0.0.1 {primary.Port} 2
                sentinel down-after-milliseconds {Service} 700
                sentinel failover-timeout {Service} 3000
                """));
        }

        await UntilAsync(group.IsWholeAsync, "the Sentinels did not find each other and the replicas");
        return group;
    }

    /// <summary>The server that Sentinels name now.</summary>
    public async Task<int> PrimaryPortAsync()
        => int.Parse((await _sentinels[0].RunAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Service)).Split('\n')[1].Trim());

    /// <summary>Waits until the Sentinels name another primary than the first.</summary>
    public Task UntilSwitchedAsync() => UntilAsync(async () => await PrimaryPortAsync() != Primary.Port, "the Sentinels did not switch");

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _sentinels.Concat(Replicas).Append(Primary)) await server.DisposeAsync();
    }

    private async Task<bool> IsWholeAsync()
    {
        foreach (var sentinel in _sentinels)
        {
            var known = await sentinel.RunAsync("INFO", "sentinel");
            if (!known.Contains("slaves=2,sentinels=3", StringComparison.Ordinal)) return false;
        }

        return (await Primary.RunAsync("INFO", "replication")).Split('\n').Count(line => line.Contains("state=online", StringComparison.Ordinal)) == 2;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > s_patience) throw new TimeoutException(otherwise);
            await Task.Delay(20);
        }
    }
}
