using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit.Faults;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Reconciling;

/// <summary>A running manager in a cluster whose server refuses, whose people edit and whose namespaces end.</summary>
public sealed class HostileClusterTests
{
    private static readonly ObjectKey s_map = new("shop", "chat-tier");

    [Theory]
    [InlineData(403, "Forbidden")]
    [InlineData(409, "Conflict")]
    [InlineData(410, "Expired")]
    [InlineData(422, "Invalid")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(500, "InternalError")]
    public async Task Write_RefusedForAWhile_IsTriedUntilItIsTaken(int status, string reason)
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.Server.Faults.Next(IsOfTheMap, ServerFault.Answer(status, reason, status == 429 ? 0 : null), times: 3);

        manager.PutPolicy(TestPolicies.MemoryAndDisk);

        await manager.UntilConditionAsync("Ready", "True", "Ready");
        Assert.True(manager.Server.Calls.Count(IsOfTheMap) >= 4, "the faults were not met");
    }

    [Theory]
    [InlineData(FaultKind.Silence)]
    [InlineData(FaultKind.Cut)]
    [InlineData(FaultKind.CutAfter)]
    public async Task Write_WithoutAnAnswer_IsTriedAgain(FaultKind fault)
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync(), new KubeClientOptions { RequestTimeout = TimeSpan.FromSeconds(1) });
        manager.Server.Faults.Next(IsOfTheMap, new ServerFault(fault), times: 2);

        manager.PutPolicy(TestPolicies.MemoryAndDisk);

        await manager.UntilConditionAsync("Ready", "True", "Ready");
    }

    [Theory]
    [InlineData("kubectl-edit/1.30")]
    [InlineData("kubectl-client-side-apply/1.30")]
    public async Task Object_EditedByHand_IsPutBack(string who)
    {
        await using var manager = await PublishedAsync();
        var wanted = manager.ConfigMap()!["data"]!.ToJsonString();

        await EditAsync(manager, who);

        await manager.UntilAsync("it is put back", () => manager.ConfigMap()!["data"]!.ToJsonString() == wanted);
        Assert.Equal("True", manager.Condition("BackendsReady")!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Object_HeldByAnotherController_IsLeftToItAndTold()
    {
        await using var manager = await PublishedAsync();

        await EditAsync(manager, "argocd/2.1");

        await manager.UntilConditionAsync("BackendsReady", "False", "HeldByOthers");
        Assert.Contains("argocd", manager.Condition("BackendsReady")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("edited", manager.ConfigMap()!["data"]!["stable"]!.GetValue<string>());
    }

    [Fact]
    public async Task Namespace_InDeletion_GetsNothingNewAndHoldsNobodyUp()
    {
        await using var manager = await PublishedAsync();
        manager.Server.AddNamespace("other");
        manager.Server.Delete(ResourceTypes.Namespaces, ObjectKey.OfCluster("shop"));
        await manager.UntilAsync("the map is gone", () => manager.Server.Delete(ResourceTypes.ConfigMaps, s_map));
        manager.Server.ForgetCalls();

        manager.PutPolicy(TestPolicies.MemoryAndDisk.Replace("256Mi", "512Mi"));
        manager.PutPolicy(TestPolicies.MemoryAndDisk.Replace("namespace: shop", "namespace: other"));

        await manager.UntilAsync("the other namespace is served", () => manager.Server.Find(ResourceTypes.ConfigMaps, new ObjectKey("other", "chat-tier")) is not null);
        Assert.DoesNotContain(manager.Server.Calls, call => call.IsWrite && call.Path.Contains("/namespaces/shop/configmaps", StringComparison.Ordinal));
        manager.Server.Delete(PolicyCatalog.Type, new ObjectKey("shop", "chat"));
        await manager.UntilAsync("the finalizer does not hold the namespace", () => manager.Policy() is null);
    }

    [Fact]
    public async Task TwoPolicies_OnOnePod_TheOlderWinsAndTheOtherSaysSo()
    {
        await using var manager = await PublishedAsync();
        await using var sidecar = await FakeSidecar.StartAsync();
        sidecar.Revision = TestPolicies.Chat.Compiled!.Revision;
        manager.PutPod("chat-a", sidecar);

        manager.PutPolicy(TestPolicies.MemoryAndDisk.Replace("name: chat,", "name: newer,"));

        await manager.UntilAsync("the newer one is told", () => manager.Condition("Conflicted", "newer")?["status"]?.GetValue<string>() == "True");
        Assert.Contains("1 pods that this policy selects run \"chat\"", manager.Condition("Conflicted", "newer")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("True", manager.Condition("Accepted", "newer")!["status"]!.GetValue<string>());
        Assert.Null(manager.Condition("Conflicted"));
    }

    private static bool IsOfTheMap(ApiCall call) => call.IsWrite && call.Path.EndsWith("/configmaps/chat-tier", StringComparison.Ordinal);

    private static async Task<RunningManager> PublishedAsync()
    {
        var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        return manager;
    }

    private static async Task EditAsync(RunningManager manager, string who)
    {
        using var client = new KubeClient(manager.Server.Connection, new KubeClientOptions { UserAgent = who });
        var map = (JsonObject)(await client.GetAsync(ResourceTypes.ConfigMaps, s_map, TestContext.Current.CancellationToken))!;
        map["data"]!["stable"] = "edited";
        await client.ReplaceAsync(ResourceTypes.ConfigMaps, s_map, map, TestContext.Current.CancellationToken);
    }
}
