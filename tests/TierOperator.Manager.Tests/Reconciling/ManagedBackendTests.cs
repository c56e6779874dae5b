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
}
