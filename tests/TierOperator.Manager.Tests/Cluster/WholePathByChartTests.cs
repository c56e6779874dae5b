using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit.Real;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Cluster;

/// <summary>
/// The whole path as a user walks it, on a real API server: charts installed, the executable under the chart's account,
/// its webhooks called through the chart's Service, a real sidecar that reads what is published and says so. What a
/// kubelet would do is done by hand (<see cref="HandKubelet"/>); nothing else is.
/// </summary>
[Trait("Category", "Cluster")]
[Trait("Category", "EndToEnd")]
[Collection(nameof(SharedCluster))]
public sealed class WholePathByChartTests : IAsyncLifetime
{
    private static readonly CancellationToken s_never = CancellationToken.None;
    private readonly string _namespace = $"walk-{Guid.NewGuid():n}"[..20];
    private readonly int[] _ports = ScriptProcess.FreePorts(3);
    private ChartRelease? _release;
    private ManagerProcess? _manager;

    private KubeClient Client => _release!.Client;

    private string Stateless => """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: walk, namespace: NAMESPACE}
        spec:
          selector: {matchLabels: {app: walk}}
          sidecar: {ports: {api: API, admin: ADMIN, resp: RESP}}
          tiers: {memory: {capacity: 64Mi}, spillover: {capacity: 256Mi}}
        """.Replace("NAMESPACE", _namespace).Replace("API", $"{_ports[0]}").Replace("ADMIN", $"{_ports[1]}").Replace("RESP", $"{_ports[2]}");

    private string Managed => """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: data, namespace: NAMESPACE}
        spec:
          deletionPolicy: Retain
          tiers:
            memory: {capacity: 64Mi}
            redis: {managed: {topology: Replicated, persistence: AppendOnly, storage: 4Gi}}
            postgres: {managed: {version: "15", storage: 8Gi, backup: {}}}
        """.Replace("NAMESPACE", _namespace);

    public async ValueTask InitializeAsync()
    {
        _release = await ChartRelease.CreateAsync();
        Assert.SkipWhen(Kubectl.Executable is null, Kubectl.SkipReason);
        Assert.SkipWhen(HandKubelet.Executable is null, "no sidecar: run `make build`, or name out/sidecar/tier in TIER_EXECUTABLE");
        Assert.SkipWhen(await HasNodesAsync(), "this cluster has nodes: what is done by hand here, its kubelets do");
        await _release.UpgradeCrdsAsync(ChartRelease.Crds);
        await _release.InstallAsync();
        await Client.ApplyAsync(ResourceTypes.Namespaces, TestPolicies.Node("{apiVersion: v1, kind: Namespace, metadata: {name: NAME}}".Replace("NAME", _namespace)), new ApplyOptions("test"), s_never);
        _manager = await ManagerProcess.StartAsync(_release, s_never);
        await UntilAsync("the server trusts the webhooks", async () => (await _release.FindAsync(ResourceTypes.ValidatingWebhooks, s_never))!.ToJsonString(), text => text.Contains("caBundle", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (_manager is not null) await _manager.DisposeAsync();
        if (_release is null) return;
        await Client.DeleteAsync(ResourceTypes.Namespaces, ObjectKey.OfCluster(_namespace), new DeleteOptions(), s_never);
        await _release.DisposeAsync();
    }

    [Fact]
    public async Task Pod_UnderAPolicy_IsPatchedRunsItAndFollowsAChange()
    {
        await ApplyAsync(Stateless);
        await UntilAsync("it is published", PublishedAsync, text => text.Length > 0);
        var pod = await CreatePodAsync();
        Assert.Equal(WellKnown.Container, pod["spec"]!["initContainers"]![0]!["name"]!.GetValue<string>());
        await using var kubelet = new HandKubelet(Client, pod);
        await kubelet.StartAsync(s_never);
        await UntilConditionAsync(kubelet, "Ready", "True", "Ready");
        var before = await PublishedAsync();

        await ApplyAsync(Stateless.Replace("64Mi", "64Mi, ttl: 1h"));

        await UntilAsync("the candidate is published", PublishedAsync, text => text != before);
        await UntilAsync("the sidecar runs it, and it is the stable one", () => StableAsync(kubelet), text => text.Contains("\"ttl\":\"1h\"", StringComparison.Ordinal));
        await UntilConditionAsync(kubelet, "Ready", "True", "Ready");
        Assert.Contains("walk", await PluginAsync("status"), StringComparison.Ordinal);
        Assert.Contains("\"ttl\":\"1h\"", await PluginAsync("effective", "walker"), StringComparison.Ordinal);
        using var http = new HttpClient();
        var item = new Uri($"http://127.0.0.1:{_ports[0]}/v1/sessions/walk/items/greeting");
        (await http.PutAsync(item, new StringContent("hello"), s_never)).EnsureSuccessStatusCode();
        Assert.Equal("hello", await http.GetStringAsync(item, s_never));
        await StopManagerAsync();
    }

    [Fact]
    public async Task ManagedPolicy_FromApplyToDelete_IsFollowedByTheCluster()
    {
        await ApplyAsync(Managed);
        foreach (var set in (string[])["data-redis", "data-redis-sentinel", "data-postgres"]) await UntilThereAsync(ResourceTypes.StatefulSets, set);
        await UntilThereAsync(ResourceTypes.CronJobs, "data-postgres-backup");
        await UntilThereAsync(ResourceTypes.Secrets, "data-tier");
        await UntilAsync("less storage is refused", () => RefusalAsync(Managed.Replace("4Gi", "1Gi")), text => text.Contains("do not shrink", StringComparison.Ordinal));
        await UntilAsync("the status waits for the servers", async () => (await PolicyAsync("data"))!.ToJsonString(), text => text.Contains("0 of 3 pods are ready", StringComparison.Ordinal));
        var columns = await Kubectl.RunAsync("get", "tp", "--namespace", _namespace, "--output", "wide");
        Assert.Matches("NAME +READY +REVISION +PODS +AGE +REASON +BACKENDS", columns);

        await DeleteAsync("data");
        Assert.NotNull(await Client.GetAsync(ResourceTypes.Secrets, new ObjectKey(_namespace, "data-redis"), s_never));

        await ApplyAsync(Managed.Replace("Retain", "Delete"));
        await UntilAsync("the policy took what was retained", async () => (await PolicyAsync("data"))?["metadata"]?["finalizers"]?.ToJsonString() ?? "", text => text.Contains("cleanup", StringComparison.Ordinal));
        await UntilThereAsync(ResourceTypes.StatefulSets, "data-redis");
        await DeleteAsync("data");
        foreach (var gone in (string[])["data-redis", "data-postgres", "data-tier"])
            Assert.Null(await Client.GetAsync(ResourceTypes.Secrets, new ObjectKey(_namespace, gone), s_never));
    }

    private static async Task<bool> HasNodesAsync()
    {
        using var client = new KubeClient(await RealCluster.ConnectAsync());
        return (await client.ListPageAsync(MetadataObject.View(ResourceTypes.Nodes), ListScope.Everything, null, s_never)).Items.Count > 0;
    }

    // As kubectl apply does it, webhooks included.
    private Task ApplyAsync(string policy, bool dryRun = false) =>
        Client.ApplyAsync(PolicyCatalog.Type, TestPolicies.Node(policy), new ApplyOptions("walker") { IsDryRun = dryRun }, s_never);

    private async Task<string> RefusalAsync(string policy)
    {
        try
        {
            await ApplyAsync(policy, dryRun: true);
            return "let in";
        }
        catch (KubeApiException error)
        {
            return error.Message;
        }
    }

    private async Task DeleteAsync(string policy)
    {
        await Client.DeleteAsync(PolicyCatalog.Type, new ObjectKey(_namespace, policy), new DeleteOptions(), s_never);
        await UntilAsync("the policy is gone", async () => (await PolicyAsync(policy))?.ToJsonString() ?? "", text => text.Length == 0);
    }

    private async Task StopManagerAsync()
    {
        var (code, output) = await _manager!.TerminateAsync();
        Assert.True(code == 0, output);
        Assert.DoesNotContain("fail:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\"LogLevel\":\"Error\"", output, StringComparison.Ordinal);
    }

    private Task<JsonObject> CreatePodAsync() => Client.CreateAsync(ResourceTypes.Pods, TestPolicies.Node("""
        apiVersion: v1
        kind: Pod
        metadata:
          name: walker
          namespace: NAMESPACE
          labels: {app: walk, tieroperator.io/inject: "true", tieroperator.io/failure-mode: closed}
        spec:
          containers: [{name: app, image: app}]
        """.Replace("NAMESPACE", _namespace)), s_never);

    private Task<string> PluginAsync(params string[] arguments) => ScriptProcess.RunAsync(ManagerProcess.Executable, [.. arguments, "--namespace", _namespace], Kubectl.Cluster);

    private Task<JsonObject?> PolicyAsync(string name) => Client.GetAsync(PolicyCatalog.Type, new ObjectKey(_namespace, name), s_never);

    private async Task<string> PublishedAsync()
    {
        var map = await Client.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey(_namespace, "walk-tier"), s_never);
        return (map?["data"]?["candidate"] ?? map?["data"]?["stable"])?.GetValue<string>() ?? "";
    }

    private async Task<string> StableAsync(HandKubelet kubelet)
    {
        await kubelet.MountAsync(s_never);
        var map = await Client.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey(_namespace, "walk-tier"), s_never);
        return map!["data"]!["stable"]!.GetValue<string>();
    }

    private Task UntilThereAsync(ResourceType type, string name) =>
        UntilAsync($"{type.Kind} {name} is there", async () => (await Client.GetAsync(type, new ObjectKey(_namespace, name), s_never))?.ToJsonString() ?? "", text => text.Length > 0);

    private Task UntilConditionAsync(HandKubelet kubelet, string type, string status, string reason) => UntilAsync($"{type}={status} {reason}", async () =>
    {
        await kubelet.MountAsync(s_never);
        return (await PolicyAsync("walk"))?["status"]?["conditions"]?.ToJsonString() ?? "";
    }, text => text.Length > 0 && JsonNode.Parse(text)!.AsArray().Any(condition =>
        condition!["type"]!.ToString() == type && condition["status"]!.ToString() == status && condition["reason"]!.ToString() == reason));

    private static Task UntilAsync(string what, Func<Task<string>> look, Func<string, bool> holds) => ScriptProcess.UntilAsync(async () =>
    {
        var said = await look();
        return (holds(said), $"{what}: {said}");
    });
}
