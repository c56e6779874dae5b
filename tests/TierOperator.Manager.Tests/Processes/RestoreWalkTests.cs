using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Plugin;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Processes;

/// <summary>
/// <c>kubectl tier restore</c> from the command to the data: a running manager, its objects as it made them, and a real
/// PostgreSQL in the place of the pods. What the cluster's controllers and a kubelet would do, the test does.
/// </summary>
public sealed class RestoreWalkTests : IAsyncLifetime
{
    private const string Policy = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat, namespace: shop}
        spec:
          tiers:
            memory: {capacity: 64Mi}
            postgres: {managed: {version: "15", tls: Required, backup: {walArchiveEvery: 10s}}}
        """;

    private static readonly ObjectKey s_set = new("shop", "chat-postgres");
    private static readonly ObjectKey s_policy = new("shop", "chat");
    private readonly PostgresNode _node = new();
    private readonly StringWriter _said = new();
    private RunningManager _manager = null!;
    private KubeClient _client = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PostgresNode.SkipReason is not null, PostgresNode.SkipReason ?? "");
        _manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        _client = new KubeClient(_manager.Server.Connection);
        _manager.PutPolicy(Policy);
        await _manager.UntilAsync("all is made", () => _manager.Server.Find(ResourceTypes.CronJobs, new ObjectKey("shop", "chat-postgres-verify")) is not null);
        var secret = (JsonObject)_manager.Server.Find(ResourceTypes.Secrets, s_set)!["data"]!;
        await _node.MountAsync(_manager.Server.Find(ResourceTypes.ConfigMaps, s_set)!, secret.Select(entry => (entry.Key, Encoding.UTF8.GetString(Convert.FromBase64String(entry.Value!.GetValue<string>())))));
        await BeUpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _said.DisposeAsync();
        _client?.Dispose();
        if (_manager is not null) await _manager.DisposeAsync();
    }

    [Fact]
    public async Task Restore_ToATime_StopsTheServerTakesItBackAndStartsIt()
    {
        await _node.AskAsync("create table kept (id int primary key); insert into kept select generate_series(1, 1000)");
        await RunJobAsync(ResourceTypes.CronJobs, "chat-postgres-backup");
        await _node.AskAsync("insert into kept select generate_series(1001, 1500); select pg_switch_wal()");
        var then = await _node.AskAsync("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        await _node.AskAsync("select pg_sleep(1.1); delete from kept; select pg_switch_wal()");

        var restore = new RestoreRun(_client, _said, _said, TimeProvider.System).RunAsync(s_policy, then, Stop);
        await _manager.UntilAsync("the server is to stop", () => Replicas() == 0);
        await _manager.UntilAsync("it says what it waits for", () => _manager.Condition("BackendsReady")?["message"]?.GetValue<string>().Contains("chat-postgres-0 still runs", StringComparison.Ordinal) == true);
        Assert.Empty(_manager.Server.All(ResourceTypes.Jobs));
        Assert.Equal(1, await new RestoreRun(_client, _said, _said, TimeProvider.System).RunAsync(s_policy, then, Stop));
        await BeDownAsync();
        var job = await UntilJobAsync();
        await EndAsync(job, (await _node.RunContainerAsync(job["spec"]!["template"]!["spec"]!)).Code == 0);

        Assert.True(await restore == 0, _said.ToString());
        await _manager.UntilAsync("the server is to start", () => Replicas() == 1);
        await BeUpAsync();
        await _node.UntilRecoveredAsync();
        Assert.Equal("1500", await _node.AskAsync("select count(*) from kept"));
        Assert.Contains("under way already", _said.ToString(), StringComparison.Ordinal);
        await RunJobAsync(ResourceTypes.CronJobs, "chat-postgres-backup");
        await RunJobAsync(ResourceTypes.CronJobs, "chat-postgres-verify");
        await _node.StopServerAsync();
    }

    [Fact]
    public async Task Restore_BeforeTheFirstBackup_FailsAndTheServerComesBackAsItWas()
    {
        await _node.AskAsync("create table kept (id int primary key); insert into kept select generate_series(1, 10)");
        await RunJobAsync(ResourceTypes.CronJobs, "chat-postgres-backup");

        var restore = new RestoreRun(_client, _said, _said, TimeProvider.System).RunAsync(s_policy, "2020-01-01T00:00:00Z", Stop);
        await _manager.UntilAsync("the server is to stop", () => Replicas() == 0);
        await BeDownAsync();
        var job = await UntilJobAsync();
        var (code, output) = await _node.RunContainerAsync(job["spec"]!["template"]!["spec"]!);
        Assert.Contains("no backup is older than", output, StringComparison.Ordinal);
        await EndAsync(job, code == 0);

        Assert.Equal(1, await restore);
        Assert.Contains("The data is as it was", _said.ToString(), StringComparison.Ordinal);
        await _manager.UntilAsync("the server is to start", () => Replicas() == 1);
        await BeUpAsync();
        Assert.Equal("10", await _node.AskAsync("select count(*) from kept"));

        // The Job is taken away by somebody: what was answered is not carried out again.
        _manager.Server.Delete(ResourceTypes.Jobs, new ObjectKey("shop", job["metadata"]!["name"]!.GetValue<string>()));
        _manager.PutPolicy(_manager.Policy()!.ToJsonString().Replace("64Mi", "65Mi", StringComparison.Ordinal));
        await _manager.UntilAsync("it was looked at again", () => _manager.Policy()!["status"]!["observedGeneration"]!.GetValue<long>() > 1);
        Assert.Equal(1, Replicas());
        Assert.Empty(_manager.Server.All(ResourceTypes.Jobs));
        await _node.StopServerAsync();
    }

    private long Replicas() => _manager.Server.Find(ResourceTypes.StatefulSets, s_set)!["spec"]!["replicas"]!.GetValue<long>();

    // As the StatefulSet's controller and a kubelet would.
    private async Task BeUpAsync()
    {
        await _node.StartServerAsync();
        _manager.Server.Put(ResourceTypes.Pods, TestPolicies.Node("""
            metadata: {name: chat-postgres-0, namespace: shop, labels: {tieroperator.io/owned-by: chat, tieroperator.io/component: postgres}}
            spec: {containers: [{name: postgres}]}
            status: {phase: Running, podIP: 127.0.0.1}
            """));
        await StatusAsync(ResourceTypes.StatefulSets, s_set, new JsonObject { ["replicas"] = 1, ["readyReplicas"] = 1 });
        await _manager.UntilConditionAsync("BackendsReady", "True", "Ready");
    }

    private async Task BeDownAsync()
    {
        await _node.StopServerAsync();
        _manager.Server.Delete(ResourceTypes.Pods, new ObjectKey("shop", "chat-postgres-0"));
        await StatusAsync(ResourceTypes.StatefulSets, s_set, new JsonObject { ["replicas"] = 0 });
    }

    private async Task<JsonObject> UntilJobAsync()
    {
        await _manager.UntilAsync("the Job is there", () => _manager.Server.All(ResourceTypes.Jobs).Count == 1);
        return _manager.Server.All(ResourceTypes.Jobs).Single();
    }

    private Task EndAsync(JsonObject job, bool isGood) => StatusAsync(ResourceTypes.Jobs, new ObjectKey("shop", job["metadata"]!["name"]!.GetValue<string>()), isGood
        ? new JsonObject { ["succeeded"] = 1 }
        : new JsonObject { ["failed"] = 3, ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Failed", ["status"] = "True", ["reason"] = "BackoffLimitExceeded" }) });

    private async Task RunJobAsync(ResourceType type, string name)
    {
        var spec = _manager.Server.Find(type, new ObjectKey("shop", name))!["spec"]!["jobTemplate"]!["spec"]!["template"]!["spec"]!;
        var (code, output) = await _node.RunContainerAsync(spec);
        Assert.True(code == 0, $"{name} ended with {code}: {output}");
    }

    private Task StatusAsync(ResourceType type, ObjectKey key, JsonObject status) => _client.ApplyStatusAsync(type, new JsonObject
    {
        ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["status"] = status,
        ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace },
    }, new ApplyOptions("controllers"), Stop);
}
