using System.Net;
using System.Net.Sockets;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>A server that is not what the policy or the Secret takes it for: the state names what to change.</summary>
public sealed class RedisReasonTests
{
    [Fact]
    public async Task State_ClusterNamedAsOneServer_NamesTheTopology()
    {
        await using var cluster = await RedisCluster.StartAsync();

        // One of the three has the slot of the marker, and would do well as far as that goes.
        var reasons = await Task.WhenAll(cluster.Servers.Take(3).Select(server => ReasonAsync(server.Url, health: null)));

        Assert.Contains(reasons, static reason => reason?.Contains("topology: Cluster", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task State_PlainServerNamedAsACluster_SaysSo()
    {
        await using var server = await RedisServer.StartAsync();

        Assert.Contains("is no Cluster", await ReasonAsync(server.Url, topology: RedisTopologyKind.Cluster), StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_ClusterThatIsNotFormed_SaysSo()
    {
        await using var server = await RedisServer.StartAsync("--cluster-enabled", "yes");

        Assert.Contains("CLUSTERDOWN", await ReasonAsync(server.Url, topology: RedisTopologyKind.Cluster), StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_ServerNamedAsASentinel_SaysSo()
    {
        await using var server = await RedisServer.StartAsync();

        Assert.Contains("is no Sentinel", await ReasonAsync($"redis+sentinel://127.0.0.1:{server.Port}/main"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_SentinelNamedAsTheServer_SaysSo()
    {
        await using var sentinels = await RedisSentinels.StartAsync();
        var port = sentinels.Url.Split("127.0.0.1:")[1].Split(',', '/')[0];

        Assert.Contains("is a Sentinel", await ReasonAsync($"redis://127.0.0.1:{port}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EVALSHA", RemoteHealth.ReadOnly)]
    [InlineData("SCRIPT", RemoteHealth.Unavailable)]
    public async Task State_ServerWithoutScripts_SaysThatNoWriteWillArrive(string command, RemoteHealth health)
    {
        await using var server = await RedisServer.StartAsync("--rename-command", command, "");

        Assert.Contains("EVALSHA", await ReasonAsync(server.Url, health), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-DENIED Redis is running in protected mode because protected mode is enabled\r\n", true, "protected mode")]
    [InlineData("-DENIED Redis is running in protected mode because protected mode is enabled\r\n", false, "protected mode")]
    [InlineData("-ERR max number of clients reached\r\n", true, "maxclients")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", false, "is no Redis")]
    [InlineData("", false, "is a Redis at all")]
    public async Task State_OfWhatAnswersOtherwise_SaysWhatItIs(string says, bool isUnasked, string reason)
    {
        using var stop = new CancellationTokenSource();
        var port = new TaskCompletionSource<int>();
        var serving = ServeAsync(port, says, isUnasked, stop.Token);

        var told = await ReasonAsync($"redis://127.0.0.1:{await port.Task}");
        await stop.CancelAsync();
        await serving;

        Assert.Contains(reason, told, StringComparison.Ordinal);
    }

    private static async Task ServeAsync(TaskCompletionSource<int> port, string says, bool isUnasked, CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port.SetResult(((IPEndPoint)listener.LocalEndpoint).Port);
        try
        {
            while (true)
            {
                using var client = await listener.AcceptSocketAsync(cancellationToken);
                if (!isUnasked) await client.ReceiveAsync(new byte[4096], cancellationToken);
                await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(says), cancellationToken);
                client.Shutdown(SocketShutdown.Send);
                while (await client.ReceiveAsync(new byte[4096], cancellationToken) > 0)
                {
                    // until the other side has gone too: bytes that nobody reads would cut off what was sent
                }
            }
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException)
        {
            // the test is
        }
    }

    private static async Task<string?> ReasonAsync(string url, RemoteHealth? health = RemoteHealth.Unavailable, RedisTopologyKind? topology = null)
    {
        await using var tier = RedisTiers.Open(url, topology: topology);
        tier.Start();
        await Eventually.HoldsAsync(() => health is null ? tier.State.Health != RemoteHealth.Connecting : tier.State.Health == health, () => $"the tier is {tier.State}, not {health}");
        return tier.State.Reason;
    }
}
