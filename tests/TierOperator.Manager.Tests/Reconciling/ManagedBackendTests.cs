using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Reconciling;

/// <summary>What becomes of the backends of a policy, in a running manager.</summary>
public sealed class ManagedBackendTests
{
    [Fact]
    public async Task ManagedRedis_GetsItsObjectsAndAPasswordThatStays()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.ManagedRedis);
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
        manager.PutPolicy(TestPolicies.ManagedRedis.Replace("deletionPolicy: Delete", $"deletionPolicy: {deletionPolicy}"));
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
        manager.PutPolicy(TestPolicies.ManagedRedis);

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
    public async Task Storage_Grown_ExpandsTheClaimsAndMakesTheSetAnew()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        var (set, claim) = (new ObjectKey("shop", "chat-redis"), new ObjectKey("shop", "data-chat-redis-0"));
        var policy = TestPolicies.ManagedRedis.Replace("persistence: AppendOnly", "persistence: AppendOnly, storage: 1Gi");
        manager.PutPolicy(policy);
        await manager.UntilAsync("the set is there", () => manager.Server.Find(ResourceTypes.StatefulSets, set) is not null);
        manager.Server.Put(ResourceTypes.PersistentVolumeClaims, TestPolicies.Node("""
            metadata: {name: data-chat-redis-0, namespace: shop, labels: {tieroperator.io/owned-by: chat}}
            spec: {resources: {requests: {storage: 1Gi}}}
            """));
        var before = manager.Server.Find(ResourceTypes.StatefulSets, set)!["metadata"]!["uid"]!.GetValue<string>();
        await manager.UntilAsync("the claim is known", () => manager.Server.OpenWatches > 0);

        manager.PutPolicy(policy.Replace("1Gi", "2Gi"));

        await manager.UntilAsync("the set is another one", () => manager.Server.Find(ResourceTypes.StatefulSets, set) is { } now && now["metadata"]!["uid"]!.GetValue<string>() != before);
        Assert.Contains("\"storage\":\"2Gi\"", manager.Server.Find(ResourceTypes.StatefulSets, set)!["spec"]!["volumeClaimTemplates"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("2Gi", manager.Server.Find(ResourceTypes.PersistentVolumeClaims, claim)!["spec"]!["resources"]!["requests"]!["storage"]!.GetValue<string>());
    }

    [Fact]
    public async Task UserSecret_LateAndIncomplete_IsToldThenTaken()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        var policy = TestPolicies.MemoryAndDisk + "\n    redis: {external: {secretRef: {name: users-redis}}}\n";
        manager.PutPolicy(policy);
        await manager.UntilConditionAsync("BackendsReady", "False", "SecretMissing");

        manager.Server.Put(ResourceTypes.Secrets, TestPolicies.Node("{metadata: {name: users-redis, namespace: shop}, data: {password: eA==}}"));
        manager.PutPolicy(policy.Replace("256Mi", "257Mi"));
        await manager.UntilConditionAsync("BackendsReady", "False", "SecretIncomplete");
        Assert.Contains("\"url\"", manager.Condition("BackendsReady")!["message"]!.GetValue<string>(), StringComparison.Ordinal);

        // Nothing tells of Secrets that are not the operator's own: it looks again by itself, every 30 s.
        manager.Server.Put(ResourceTypes.Secrets, TestPolicies.Node("{metadata: {name: users-redis, namespace: shop}, data: {url: cmVkaXM6Ly94}}"));
        await manager.UntilConditionAsync("BackendsReady", "True", "Ready");
        Assert.Equal("cmVkaXM6Ly94", manager.Server.Find(ResourceTypes.Secrets, new ObjectKey("shop", "chat-tier"))!["data"]!["redis.url"]!.GetValue<string>());
    }

    [Fact]
    public async Task Pods_MoreThanTheServerHasConnectionsFor_AreWarnedAbout()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        await using var sidecar = await FakeSidecar.StartAsync();
        manager.PutPod("chat-a", sidecar);
        manager.PutPod("chat-b", sidecar);
        manager.PutPod("chat-c", sidecar);

        manager.PutPolicy(TestPolicies.MemoryAndDisk + "\n    postgres: {managed: {version: \"15\"}, pool: {max: 100}}\n");

        await manager.UntilAsync("an Event warns", () => manager.Server.All(ResourceTypes.Events).Any(item => item["reason"]!.GetValue<string>() == "TooManyConnections"));
    }
}
