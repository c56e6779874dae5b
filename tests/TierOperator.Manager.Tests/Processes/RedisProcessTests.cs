using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Processes;

/// <summary>The generated configurations and scripts, run by real servers.</summary>
public sealed class RedisProcessTests
{
    [Fact]
    public async Task Standalone_Started_AnswersItsUserOnlyAndKeepsItsLimit()
    {
        await using var nodes = new RedisNodes(Policy("{topology: Standalone, persistence: AppendOnly}"));
        var port = ScriptProcess.FreePorts(1)[0];
        var server = nodes.Start("redis-start.sh", port);

        await nodes.UntilAnswersAsync(port, "PONG", "ping");
        await nodes.RunAsync("redis-ping.sh", port);
        var stranger = await ScriptProcess.RunAsync("redis-cli", ["-p", $"{port}", "get", "a"]);

        Assert.Contains("NOAUTH", stranger, StringComparison.Ordinal);
        Assert.Contains("noeviction", await nodes.AskAsync(port, "config", "get", "maxmemory-policy"), StringComparison.Ordinal);
        Assert.Contains("83886080", await nodes.AskAsync(port, "config", "get", "maxmemory"), StringComparison.Ordinal);
        await nodes.AskAsync(port, "set", "kept", "value");
        await nodes.AskAsync(port, "shutdown");
        Assert.Equal(0, (await server.EndAsync()).Code);
        nodes.Start("redis-start.sh", port);
        await nodes.UntilAnswersAsync(port, "value", "get", "kept");
    }

    [Fact]
    public async Task Replicated_PrimaryKilled_IsReplacedAndComesBackAsReplica()
    {
        var ports = ScriptProcess.FreePorts(6);
        var list = string.Join(' ', ports[..3].Select(port => $"127.0.0.1:{port}"));
        await using var nodes = new RedisNodes(Policy("{topology: Replicated, persistence: AppendOnly}"),
            ("NODES", list), ("SENTINEL", $"127.0.0.1:{ports[3]}"), ("DOWN_AFTER", "1000"), ("FAILOVER_TIMEOUT", "3000"));
        var primary = nodes.Start("redis-start.sh", ports[0]);
        await nodes.UntilAnswersAsync(ports[0], "PONG", "ping");
        foreach (var port in ports[1..3]) nodes.Start("redis-start.sh", port);
        await nodes.UntilAnswersAsync(ports[0], "connected_slaves:2", "info", "replication");
        foreach (var port in ports[3..]) nodes.Start("sentinel-start.sh", port);
        foreach (var port in ports[3..]) await UntilSentinelAsync(port, text => text.Contains("num-other-sentinels\n2", StringComparison.Ordinal) && text.Contains("num-slaves\n2", StringComparison.Ordinal), "master", "tier");
        await nodes.AskAsync(ports[0], "set", "kept", "value");
        Assert.Equal("2", await nodes.AskAsync(ports[0], "wait", "2", "5000"));

        primary.Kill();

        await UntilSentinelAsync(ports[3], text => text.Contains($"{ports[1]}", StringComparison.Ordinal) || text.Contains($"{ports[2]}", StringComparison.Ordinal), "get-master-addr-by-name", "tier");
        await primary.EndAsync();
        nodes.Start("redis-start.sh", ports[0]);
        await nodes.UntilAnswersAsync(ports[0], "role:slave", "info", "replication");
        await nodes.UntilAnswersAsync(ports[0], "master_link_status:up", "info", "replication");
        Assert.Equal("value", await nodes.AskAsync(ports[0], "get", "kept"));
        await nodes.RunAsync("sentinel-ping.sh", ports[4]);
    }

    [Fact]
    public async Task Cluster_FormedThenGrown_KeepsEveryKey()
    {
        var ports = ScriptProcess.FreePorts(8);
        await using var nodes = new RedisNodes(Policy("{topology: Cluster, shards: 3, replicas: 1}"), ("CLUSTER", "yes"));
        foreach (var port in ports) nodes.Start("redis-start.sh", port, ("NODES", Nodes(ports)));
        foreach (var port in ports) await nodes.UntilAnswersAsync(port, "PONG", "ping");

        await nodes.RunAsync("redis-form.sh", ports[0], ("NODES", Nodes(ports[..6])), ("SHARDS", "3"), ("REPLICAS", "1"));
        Assert.Contains("cluster_state:ok", await nodes.AskAsync(ports[5], "cluster", "info"), StringComparison.Ordinal);
        for (var key = 0; key < 50; key++) Assert.Equal("OK", await nodes.AskAsync(ports[0], "set", $"key{key}", $"{key}"));
        var formed = await nodes.AskAsync(ports[0], "cluster", "nodes");
        await nodes.RunAsync("redis-form.sh", ports[0], ("NODES", Nodes(ports[..6])), ("SHARDS", "3"), ("REPLICAS", "1"));
        Assert.Equal(formed.Split('\n').Length, (await nodes.AskAsync(ports[0], "cluster", "nodes")).Split('\n').Length);

        await nodes.RunAsync("redis-form.sh", ports[0], ("NODES", Nodes(ports)), ("SHARDS", "4"), ("REPLICAS", "1"));

        var grown = await nodes.AskAsync(ports[0], "cluster", "info");
        Assert.Contains("cluster_size:4", grown, StringComparison.Ordinal);
        Assert.Contains("cluster_known_nodes:8", grown, StringComparison.Ordinal);
        for (var key = 0; key < 50; key++) Assert.Equal($"{key}", await nodes.AskAsync(ports[7], "get", $"key{key}"));
    }

    private static string Nodes(IEnumerable<int> ports) => string.Join(' ', ports.Select(port => $"127.0.0.1:{port}"));

    private static Task UntilSentinelAsync(int port, Func<string, bool> holds, params string[] command) => ScriptProcess.UntilAsync(async () =>
    {
        await using var process = ScriptProcess.Start("redis-cli", ["-p", $"{port}", "sentinel", .. command]);
        var said = (await process.EndAsync()).Output;
        return (holds(said), said);
    });

    private static Policies.PolicyObject Policy(string managed) => TestPolicies.Read($$"""
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat, namespace: shop, uid: u}
        spec:
          tiers:
            memory: {}
            redis:
              capacity: 64Mi
              managed: {{managed}}
        """);
}
