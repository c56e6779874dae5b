using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Rollouts;
using TierOperator.Manager.Statuses;
using TierOperator.Manager.Tests.TestSupport;
using TierOperator.Policy.Compiling;

namespace TierOperator.Manager.Tests.Rollouts;

/// <summary>Sidecars and operators of different versions: the real sidecar, and what a newer operator would publish.</summary>
public sealed class VersionSkewTests
{
    [Fact]
    public async Task Sidecar_SnapshotOfANewerSchema_IsRefusedUntilTheOlderOperatorTakesItBack()
    {
        Assert.SkipWhen(HandKubelet.Executable is null, "no sidecar: run `make build`, or name out/sidecar/tier in TIER_EXECUTABLE");
        var ports = ScriptProcess.FreePorts(3);
        var text = TestPolicies.MemoryAndDisk + $"\n  sidecar: {{ports: {{api: {ports[0]}, admin: {ports[1]}, resp: {ports[2]}}}}}\n";
        var policy = TestPolicies.Read(text);
        var stable = PolicyObjects.RevisionOf(policy)!;
        var server = await RunningManager.StartServerAsync();
        using var client = new KubeClient(server.Connection);
        await PublishAsync(client, policy, new RolloutState(stable, OfNewerSchema(stable), RolloutState.FullWave));
        await using var kubelet = new HandKubelet(client, PutPod(server, policy));
        await kubelet.StartAsync(TestContext.Current.CancellationToken);

        await ScriptProcess.UntilAsync(async () => await ReportAsync(ports[1]) is { Refused: not null } report ? (true, "") : (false, "nothing is refused"));
        var refusing = await ReportAsync(ports[1]);
        Assert.Equal(stable.Id, refusing!.Revision);
        Assert.Equal(OfNewerSchema(stable).Id, refusing.Refused);
        Assert.Contains("TP0021", refusing.Reason, StringComparison.Ordinal);

        await using var manager = await RunningManager.StartAsync(server);
        manager.PutPolicy(text);
        await manager.UntilAsync("the candidate is taken back", () => manager.ConfigMap()!["data"]!["candidate"] is null);
        await ScriptProcess.UntilAsync(async () =>
        {
            await kubelet.MountAsync(TestContext.Current.CancellationToken);
            return (manager.Condition("Ready")?["status"]?.ToString() == "True", $"{manager.Policy()?["status"]}");
        });
        await ScriptProcess.UntilAsync(async () => (await ReportAsync(ports[1]) is { Refused: null }, "the sidecar still refuses"));
    }

    [Fact]
    public async Task Sidecar_SnapshotWithoutASchema_IsRead()
    {
        Assert.SkipWhen(HandKubelet.Executable is null, "no sidecar: run `make build`, or name out/sidecar/tier in TIER_EXECUTABLE");
        var ports = ScriptProcess.FreePorts(3);
        var policy = TestPolicies.Read(TestPolicies.MemoryAndDisk + $"\n  sidecar: {{ports: {{api: {ports[0]}, admin: {ports[1]}, resp: {ports[2]}}}}}\n");
        var older = Changed(PolicyObjects.RevisionOf(policy)!, snapshot => snapshot.Remove("schemaVersion"));
        await using var server = await RunningManager.StartServerAsync();
        using var client = new KubeClient(server.Connection);
        await PublishAsync(client, policy, new RolloutState(older));
        await using var kubelet = new HandKubelet(client, PutPod(server, policy));

        await kubelet.StartAsync(TestContext.Current.CancellationToken);

        await ScriptProcess.UntilAsync(async () => await ReportAsync(ports[1]) is { Revision: not null } report ? (true, "") : (false, "nothing runs"));
        Assert.Null((await ReportAsync(ports[1]))!.Refused);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"phase": "Ready"}""")]
    [InlineData("""{"policy": {"revision": 7, "refused": "no", "restartRequired": [1]}, "tiers": {"a": 1}, "counters": []}""")]
    [InlineData("[]")]
    public void Read_ReportOfAnotherVersion_IsUnknownAndNoFault(string status)
    {
        using var document = JsonDocument.Parse(status);

        var report = SidecarReport.Read(document.RootElement);

        Assert.Null(report.Revision);
        Assert.Null(report.Refused);
        Assert.Empty(report.Tiers);
    }

    // A later version may add fields that this one does not know, besides the number.
    private static Revision OfNewerSchema(Revision of) => Changed(of, snapshot =>
    {
        snapshot["schemaVersion"] = 2;
        snapshot["spec"]!["somethingNew"] = true;
    });

    private static Revision Changed(Revision of, Action<JsonObject> change)
    {
        var snapshot = (JsonObject)JsonNode.Parse(of.Snapshot)!;
        change(snapshot);
        var text = snapshot.ToJsonString();
        return new Revision(CanonicalSnapshot.Revision(Encoding.UTF8.GetBytes(text)), text);
    }

    // In the operator's name: what somebody else holds would be left alone.
    private static Task PublishAsync(KubeClient client, PolicyObject policy, RolloutState rollout) =>
        client.ApplyAsync(ResourceTypes.ConfigMaps, PolicyObjects.ConfigMap(policy, rollout), new ApplyOptions(WellKnown.FieldManager), TestContext.Current.CancellationToken);

    private static JsonObject PutPod(FakeApiServer server, PolicyObject policy)
    {
        var pod = TestPolicies.Node("{metadata: {name: chat-a, namespace: shop, labels: {app: chat, tieroperator.io/inject: \"true\"}}, spec: {containers: [{name: app, image: app}]}}");
        var settings = new InjectionSettings("tier:1", null, NativeSidecars: true, "tier-system");
        server.Put(ResourceTypes.Pods, JsonPatchApplier.Apply(pod, PodInjector.Inject(new InjectionRequest(pod, "shop", false), [policy], settings).Patch));
        return server.Find(ResourceTypes.Pods, new ObjectKey("shop", "chat-a"))!;
    }

    private static async Task<SidecarReport?> ReportAsync(int port)
    {
        using var http = new HttpClient();
        try
        {
            using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/status"), TestContext.Current.CancellationToken));
            return SidecarReport.Read(document.RootElement);
        }
        catch (HttpRequestException)
        {
            return null; // it has not bound its port yet
        }
    }
}
