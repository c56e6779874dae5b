using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Hosting;

/// <summary>The whole manager, over HTTP, against an API server.</summary>
public sealed class ManagerHostTests
{
    private const string RedisPolicy = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat, namespace: shop}
        spec:
          selector: {matchLabels: {app: chat}}
          deletionPolicy: Delete
          tiers:
            memory: {}
            redis: {managed: {topology: Replicated, persistence: AppendOnly}}
        """;

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

    [Fact]
    public async Task Steady_NothingChanges_NothingIsWritten()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(RedisPolicy);
        await manager.UntilConditionAsync("BackendsReady", "False", "Starting");
        await manager.UntilAsync("the Secret is there", () => manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-tier")) is not null);
        var policy = manager.Policy()!;
        manager.Server.ForgetCalls();

        // A label of somebody else's makes the operator look again; a status that repeats itself would be written.
        var touched = (JsonObject)policy.DeepClone();
        touched["metadata"]!["labels"] = new JsonObject { ["team"] = "a" };
        manager.Server.Put(PolicyCatalog.Type, touched);
        await manager.UntilAsync("it has looked", () => manager.Server.Calls.Any(call => call.Method == "GET" && call.Path.EndsWith("secrets/chat-redis", StringComparison.Ordinal)));
        manager.PutPolicy(RedisPolicy.Replace("AppendOnly", "Snapshot"));
        await manager.UntilAsync("the change is there", () => manager.ConfigMap("chat-redis")!["data"]!["redis.conf"]!.ToString().Contains("appendonly no", StringComparison.Ordinal));

        var writes = manager.Server.Calls.Where(call => call.Method is "PATCH" or "POST" or "PUT" && !call.Path.Contains("leases", StringComparison.Ordinal) && !call.Path.Contains("events", StringComparison.Ordinal)).Select(call => call.Path).ToList();
        Assert.DoesNotContain(writes, path => path.Contains("services", StringComparison.Ordinal) || path.Contains("statefulsets/chat-redis-sentinel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_WithPods_GoesInWavesByAcknowledgement()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        await using var first = await FakeSidecar.StartAsync();
        await using var second = await FakeSidecar.StartAsync();
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        var old = TestPolicies.Chat.Compiled!.Revision;
        (first.Revision, second.Revision) = (old, old);
        manager.PutPod("chat-a", first);
        manager.PutPod("chat-b", second);
        await manager.UntilAsync("both are current", () => manager.Policy()!["status"]!["pods"]!["current"]!.GetValue<int>() == 2);

        var changed = TestPolicies.MemoryAndDisk.Replace("256Mi}", "256Mi, ttl: 1h}");
        var wanted = TestPolicies.Read(changed).Compiled!.Revision;
        manager.PutPolicy(changed);
        await manager.UntilConditionAsync("Programmed", "False", "RollingOut");
        Assert.NotNull(manager.ConfigMap()!["data"]!["candidate"]);
        (first.Revision, second.Revision) = (wanted, wanted);

        await manager.UntilConditionAsync("Programmed", "True", "Programmed");
        Assert.Null(manager.ConfigMap()!["data"]!["candidate"]);
        Assert.Contains("\"ttl\":\"1h\"", manager.ConfigMap()!["data"]!["stable"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_ThatASidecarRefuses_GoesBackToStable()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        await using var sidecar = await FakeSidecar.StartAsync();
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        sidecar.Revision = TestPolicies.Chat.Compiled!.Revision;
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        manager.PutPod("chat-a", sidecar);
        await manager.UntilAsync("it is current", () => manager.Policy()!["status"]!["pods"]!["current"]!.GetValue<int>() == 1);
        var changed = TestPolicies.MemoryAndDisk.Replace("256Mi}", "256Mi, ttl: 1h}");
        sidecar.Refused = TestPolicies.Read(changed).Compiled!.Revision;

        manager.PutPolicy(changed);

        await manager.UntilConditionAsync("Programmed", "False", "Rejected");
        Assert.Null(manager.ConfigMap()!["data"]!["candidate"]);
        Assert.Equal("0", manager.ConfigMap()!["data"]!["wave"]!.GetValue<string>());
        Assert.Equal(1, manager.Policy()!["status"]!["pods"]!["rejected"]!.GetValue<int>());
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
    public async Task MissedPod_IsCountedAndToldAndRepairedOnRequest()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        manager.PutPod("chat-a", null);

        await manager.UntilConditionAsync("Injected", "False", "PodsMissed");

        Assert.Contains("chat-a", manager.Condition("Injected")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, manager.Policy()!["status"]!["pods"]!["selected"]!.GetValue<int>());
    }

    [Fact]
    public async Task ManagedRedis_GetsItsObjectsAndAPasswordThatStays()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(RedisPolicy);
        await manager.UntilAsync("all is made", () => manager.Server.Find(ResourceTypes.StatefulSets, new ObjectKey("shop", "chat-redis-sentinel")) is not null
            && manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-tier")) is not null);
        var password = manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-redis"))!["data"]!["password"]!.GetValue<string>();
        var set = (JsonObject)manager.Server.Find(ResourceTypes.StatefulSets, new ObjectKey("shop", "chat-redis"))!.DeepClone();
        set["status"] = new JsonObject { ["readyReplicas"] = 3 };

        manager.Server.Put(ResourceTypes.StatefulSets, set);

        await manager.UntilConditionAsync("BackendsReady", "True", "Ready");
        var secret = manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-tier"))!;
        Assert.Contains($"redis+sentinel://tier:{System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(password))}@", System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(secret["data"]!["redis.url"]!.GetValue<string>())), StringComparison.Ordinal);
        Assert.Equal(password, manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-redis"))!["data"]!["password"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("Delete", false)]
    [InlineData("Retain", true)]
    public async Task PolicyDeleted_DataGoesOrStaysAsItSays(string deletionPolicy, bool stays)
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(RedisPolicy.Replace("deletionPolicy: Delete", $"deletionPolicy: {deletionPolicy}"));
        await manager.UntilAsync("the Secret is there", () => manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-redis")) is not null && manager.Policy()!["metadata"]!["finalizers"] is not null);
        manager.Server.Put(ResourceTypes.PersistentVolumeClaims, TestPolicies.Node("metadata: {name: data-chat-redis-0, namespace: shop, labels: {tieroperator.io/owned-by: chat}}"));

        manager.Server.Delete(PolicyCatalog.Type, new ObjectKey("shop", "chat"));

        await manager.UntilAsync("it is gone", () => manager.Policy() is null);
        Assert.Equal(stays, manager.Server.Find(ResourceTypes.PersistentVolumeClaims, new ObjectKey("shop", "data-chat-redis-0")) is not null);
        Assert.Equal(stays, manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-redis")) is not null);
    }

    [Fact]
    public async Task OlderServer_WithoutBudgets_IsToldAndNotTrippedOver()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync(ResourceTypes.PodDisruptionBudgets));
        manager.PutPolicy(RedisPolicy);

        await manager.UntilConditionAsync("BackendsReady", "False", "Starting");

        Assert.Contains("PodDisruptionBudget", manager.Condition("BackendsReady")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UserSecret_Missing_IsNamedAndFoundLater()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk + "\n    redis: {external: {secretRef: {name: chat-redis}}}\n");

        await manager.UntilConditionAsync("BackendsReady", "False", "SecretMissing");

        Assert.Contains("chat-redis", manager.Condition("BackendsReady")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
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

        Assert.Contains("tier_operator_injections_total{result=\"Injected\"} 0", metrics, StringComparison.Ordinal);
        Assert.Contains("tier_operator_leader 1", metrics, StringComparison.Ordinal);
        Assert.NotNull(manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("tier-system", "tier-operator-certificates")));
    }
}
