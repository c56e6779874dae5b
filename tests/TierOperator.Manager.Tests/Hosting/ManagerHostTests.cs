using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Hosting;

/// <summary>The whole manager, over HTTP, against an API server.</summary>
public sealed class ManagerHostTests
{
    [Fact]
    public async Task Policy_Applied_IsPublishedAndSaysSo()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());

        manager.PutPolicy(TestPolicies.MemoryAndDisk);

        await manager.UntilConditionAsync("Ready", "True", "Ready");
        var snapshot = manager.ConfigMap()!["data"]!["stable"]!.GetValue<string>();
        Assert.Equal(TestPolicies.Chat.Compiled!.Revision, TierOperator.Policy.PolicyLoader.Load(snapshot).Policy!.Revision);
        Assert.Equal("TierPolicy", manager.ConfigMap()!["metadata"]!["ownerReferences"]![0]!["kind"]!.GetValue<string>());
        Assert.Contains("tieroperator.io/cleanup", manager.Policy()!["metadata"]!["finalizers"]!.ToJsonString(), StringComparison.Ordinal);
    }

    // The chart's configurations trust nobody until then, and pods that come meanwhile are missed.
    [Fact]
    public async Task Leader_AtItsStart_PublishesTheBundleWithoutWaitingForABeat()
    {
        var server = await RunningManager.StartServerAsync();
        server.Put(ResourceTypes.MutatingWebhooks, TestPolicies.Node("{metadata: {name: tier-operator}, webhooks: [{name: pod, clientConfig: {}}]}"));
        var started = System.Diagnostics.Stopwatch.StartNew();
        await using var manager = await RunningManager.StartAsync(server);

        await manager.UntilAsync("the bundle is published", () => server.Find(ResourceTypes.MutatingWebhooks, ObjectKey.OfCluster("tier-operator"))!["webhooks"]![0]!["clientConfig"]!["caBundle"] is not null);

        Assert.True(started.Elapsed < TimeSpan.FromSeconds(25), $"only after {started.Elapsed}");
    }

    [Fact]
    public async Task Steady_NothingChanges_NothingIsWritten()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.ManagedRedis);
        await manager.UntilConditionAsync("BackendsReady", "False", "Starting");
        await manager.UntilAsync("the Secret is there", () => manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-tier")) is not null);
        var policy = manager.Policy()!;
        manager.Server.ForgetCalls();

        // A label of somebody else's makes the operator look again; a status that repeats itself would be written.
        var touched = (JsonObject)policy.DeepClone();
        touched["metadata"]!["labels"] = new JsonObject { ["team"] = "a" };
        manager.Server.Put(PolicyCatalog.Type, touched);
        await manager.UntilAsync("it has looked", () => manager.Server.Calls.Any(call => call.Method == "GET" && call.Path.EndsWith("secrets/chat-redis", StringComparison.Ordinal)));
        manager.PutPolicy(TestPolicies.ManagedRedis.Replace("AppendOnly", "Snapshot"));
        await manager.UntilAsync("the change is there", () => manager.ConfigMap("chat-redis")!["data"]!["redis.conf"]!.ToString().Contains("appendonly no", StringComparison.Ordinal));

        var writes = manager.Server.Calls.Where(call => call.Method is "PATCH" or "POST" or "PUT" && !call.Path.Contains("leases", StringComparison.Ordinal) && !call.Path.Contains("events", StringComparison.Ordinal)).Select(call => call.Path).ToList();
        Assert.DoesNotContain(writes, path => path.Contains("services", StringComparison.Ordinal) || path.Contains("statefulsets/chat-redis-sentinel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FaultyPolicy_PastTheWebhook_IsToldAndTheLastGoodStays()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        var published = manager.ConfigMap()!["data"]!.ToJsonString();

        manager.PutPolicy(TestPolicies.MemoryAndDisk.Replace("capacity: 256Mi", "capacty: 256Mi"));

        await manager.UntilConditionAsync("Accepted", "False", "Invalid");
        Assert.Contains("TP0010", manager.Condition("Accepted")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(published, manager.ConfigMap()!["data"]!.ToJsonString());
    }

    [Fact]
    public async Task ObjectEditedByHand_IsPutBack()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        var wanted = manager.ConfigMap()!["data"]!.ToJsonString();

        Assert.True(manager.Server.Delete(ResourceTypes.ConfigMaps, new ObjectKey("shop", "chat-tier")));

        await manager.UntilAsync("it is back", () => manager.ConfigMap()?["data"]?.ToJsonString() == wanted);
    }

    [Fact]
    public async Task MissedPod_WithoutARequestForRepair_IsCountedAndToldAndLeft()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        manager.PutPod("chat-a", null, hasController: true);

        await manager.UntilConditionAsync("Injected", "False", "PodsMissed");

        Assert.Contains("chat-a", manager.Condition("Injected")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, manager.Policy()!["status"]!["pods"]!["selected"]!.GetValue<int>());
        Assert.DoesNotContain(manager.Server.Calls, call => call.Path.EndsWith("/eviction", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MissedPods_WithARequestForRepair_AreEvictedWhereSomethingMakesThemAnew()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPod("bare", null);
        manager.PutPod("chat-a", null, hasController: true);
        manager.PutPod("chat-b", null, hasController: true);

        manager.PutPolicy(TestPolicies.MemoryAndDisk.Replace("name: chat,", "name: chat, annotations: {tieroperator.io/repair-missed: \"true\"},"));

        await manager.UntilAsync("one is evicted", () => manager.Server.All(ResourceTypes.Pods).Count == 2);
        await manager.UntilAsync("it is told", () => manager.Server.All(ResourceTypes.Events).Any(item => item["reason"]!.GetValue<string>() == "Evicted"));
        await manager.UntilAsync("the count follows", () => manager.Condition("Injected")?["message"]?.GetValue<string>().StartsWith("2 pods", StringComparison.Ordinal) == true);
        Assert.Single(manager.Server.Calls, call => call.Path.EndsWith("/eviction", StringComparison.Ordinal));
        Assert.NotNull(manager.Server.Find(ResourceTypes.Pods, new ObjectKey("shop", "bare")));
    }

    // All Secrets of a cluster in one process would be its most valuable target, and its memory.
    [Fact]
    public async Task Lists_OfARunningManager_TakeNoSecretThatIsNotItsOwn()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.ManagedRedis);
        await manager.UntilConditionAsync("BackendsReady", "False", "Starting");

        var lists = manager.Server.Calls.Where(call => (call.IsList || call.IsWatch) && !call.Path.Contains("tierpolicies", StringComparison.Ordinal)).ToList();

        Assert.Contains(lists, call => call.Path.EndsWith("/secrets", StringComparison.Ordinal));
        Assert.All(lists.Where(call => !call.Path.EndsWith("/pods", StringComparison.Ordinal) && !call.Path.EndsWith("/namespaces", StringComparison.Ordinal)),
            call => Assert.Contains("labelSelector=tieroperator.io%2Fowned-by", call.Query, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_OfARunningManager_IsReadyAndHasMetrics()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        using var http = new HttpClient();

        await ScriptProcess.UntilAsync(async () =>
        {
            using var answer = await http.GetAsync($"http://127.0.0.1:{manager.HealthPort}/readyz");
            return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        });
        var metrics = await http.GetStringAsync($"http://127.0.0.1:{manager.HealthPort}/metrics");

        // Counters are the process', and other tests of it inject pods.
        Assert.Contains("tier_operator_injections_total{result=\"Injected\"} ", metrics, StringComparison.Ordinal);
        Assert.Contains("tier_operator_leader 1", metrics, StringComparison.Ordinal);
        Assert.Contains("tier_operator_queue_depth{controller=\"tierpolicy\"} ", metrics, StringComparison.Ordinal);
        Assert.Contains("tier_operator_queue_age_seconds{controller=\"tierpolicy\"} ", metrics, StringComparison.Ordinal);
        Assert.NotNull(manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("tier-system", "tier-operator-certificates")));
    }

    [Fact]
    public async Task Metrics_OfARunningManager_StandInTheDocuments()
    {
        var documented = await File.ReadAllTextAsync(Path.Combine(Golden.Root, "docs", "operator.md"), TestContext.Current.CancellationToken);
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        using var http = new HttpClient();

        var metrics = await http.GetStringAsync($"http://127.0.0.1:{manager.HealthPort}/metrics");

        var names = metrics.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.True(names.Count > 8, metrics);
        Assert.Equal([], names.Where(name => !documented.Contains($"`{name}`", StringComparison.Ordinal)));
    }
}
