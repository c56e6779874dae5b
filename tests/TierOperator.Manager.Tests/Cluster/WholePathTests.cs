using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit.Real;
using TierOperator.Manager.Hosting;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Cluster;

/// <summary>
/// The whole path on a real API server: the kind installed, webhooks called by the server itself, a policy applied,
/// refused, changed and deleted, backends' objects made, a pod created and patched.
/// </summary>
[Trait("Category", "Cluster")]
[Collection(nameof(SharedCluster))]
public sealed class WholePathTests : IAsyncLifetime
{
    private const string Tiers = "{memory: {capacity: 64Mi}, spillover: {capacity: 256Mi}, redis: {managed: {topology: Replicated, persistence: AppendOnly, storage: 4Gi}}}";
    private readonly CancellationTokenSource _stop = new();
    private readonly string _namespace = $"walk-{Guid.NewGuid():n}"[..20];
    private KubeClient _client = null!;
    private ManagerHost _host = null!;
    private Task<bool> _running = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(RealCluster.SkipReason is not null, RealCluster.SkipReason ?? "");
        _client = new KubeClient(await RealCluster.ConnectAsync());
        await _client.ApplyAsync(ResourceTypes.Namespaces, TestPolicies.Node("{apiVersion: v1, kind: Namespace, metadata: {name: NAME}}".Replace("NAME", _namespace)), new ApplyOptions("test"), _stop.Token);
        var port = ScriptProcess.FreePorts(1)[0];
        var options = new ManagerOptions
        {
            Namespace = $"{_namespace}-own", Identity = "walk", SidecarImage = "tier:1", WebhookPort = port, HealthPort = 0,
            WebhookUrl = new Uri($"https://127.0.0.1:{port}/"), LeaseName = _namespace, CertificateSecret = _namespace, WebhookConfiguration = _namespace,
        };
        await DevelopmentCluster.PrepareAsync(_client, options, TimeProvider.System, _stop.Token);
        _host = new ManagerHost(_client, options, await ClusterFacts.AskAsync(_client, ManagerHost.Kinds, _stop.Token), TimeProvider.System, NullLoggerFactory.Instance);
        _running = _host.RunAsync(_stop.Token);
    }

    [Fact]
    public async Task Policy_FromApplyToDelete_IsFollowedByTheCluster()
    {
        await ApplyAsync(Tiers);
        await UntilRefusedAsync();
        await UntilAsync("the policy says what is true", async () => (await StatusAsync())?.ToJsonString() ?? "", text => text.Contains("\"RollingOut\"", StringComparison.Ordinal) || text.Contains("\"Programmed\"", StringComparison.Ordinal));
        await UntilAsync("the Sentinels are there", async () => (await _client.GetAsync(ResourceTypes.StatefulSets, new ObjectKey(_namespace, "walk-redis-sentinel"), _stop.Token))?.ToJsonString() ?? "", text => text.Length > 0);
        var pod = await CreatePodAsync();
        Assert.Equal(WellKnown.Container, pod["spec"]!["initContainers"]![0]!["name"]!.GetValue<string>());
        Assert.Equal("walk", pod["metadata"]!["annotations"]![WellKnown.InjectedPolicy]!.GetValue<string>());

        var before = await PublishedAsync();
        await ApplyAsync(Tiers.Replace("64Mi", "64Mi, ttl: 1h"));
        await UntilAsync("the change is published", PublishedAsync, text => text.Length > 0 && text != before);

        await _client.DeleteAsync(PolicyCatalog.Type, new ObjectKey(_namespace, "walk"), new DeleteOptions(), _stop.Token);
        await UntilAsync("the policy is gone", async () => (await _client.GetAsync(PolicyCatalog.Type, new ObjectKey(_namespace, "walk"), _stop.Token))?.ToJsonString() ?? "", text => text.Length == 0);
        Assert.NotNull(await _client.GetAsync(ResourceTypes.Secrets, new ObjectKey(_namespace, "walk-redis"), _stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is null) return;
        await _stop.CancelAsync();
        if (_running is not null) await _running;
        if (_host is not null) await _host.DisposeAsync();
        foreach (var type in new[] { ResourceTypes.MutatingWebhooks, ResourceTypes.ValidatingWebhooks })
            await _client.DeleteAsync(type, ObjectKey.OfCluster(_namespace), new DeleteOptions(), CancellationToken.None);
        foreach (var name in new[] { _namespace, $"{_namespace}-own" })
            await _client.DeleteAsync(ResourceTypes.Namespaces, ObjectKey.OfCluster(name), new DeleteOptions(), CancellationToken.None);
        _client.Dispose();
        _stop.Dispose();
    }

    // What no schema can know: how large the volumes were before.
    private Task UntilRefusedAsync() => UntilAsync("the webhook refuses", async () =>
    {
        try
        {
            await ApplyAsync(Tiers.Replace("4Gi", "1Gi"), dryRun: true);
            return "let in";
        }
        catch (KubeApiException error)
        {
            return error.Message;
        }
    }, text => text.Contains("do not shrink", StringComparison.Ordinal));

    private Task ApplyAsync(string tiers, bool dryRun = false)
    {
        var policy = TestPolicies.Node("""
            apiVersion: tieroperator.io/v1alpha1
            kind: TierPolicy
            metadata:
              name: walk
              namespace: NAMESPACE
            spec:
              selector: {matchLabels: {app: walk}}
              tiers: TIERS
            """.Replace("NAMESPACE", _namespace).Replace("TIERS", tiers));
        return _client.ApplyAsync(PolicyCatalog.Type, policy, new ApplyOptions("walker") { IsDryRun = dryRun }, _stop.Token);
    }

    private Task<JsonObject> CreatePodAsync() => _client.CreateAsync(ResourceTypes.Pods, TestPolicies.Node("""
        apiVersion: v1
        kind: Pod
        metadata:
          name: walker
          namespace: NAMESPACE
          labels: {app: walk, tieroperator.io/inject: "true"}
        spec:
          containers: [{name: app, image: app}]
        """.Replace("NAMESPACE", _namespace)), _stop.Token);

    private async Task<JsonNode?> StatusAsync() => (await _client.GetAsync(PolicyCatalog.Type, new ObjectKey(_namespace, "walk"), _stop.Token))?["status"];

    private async Task<string> PublishedAsync()
    {
        var map = await _client.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey(_namespace, "walk-tier"), _stop.Token);
        return (map?["data"]?["candidate"] ?? map?["data"]?["stable"])?.GetValue<string>() ?? "";
    }

    private static Task UntilAsync(string what, Func<Task<string>> look, Func<string, bool> holds) => ScriptProcess.UntilAsync(async () =>
    {
        var said = await look();
        return (holds(said), $"{what}: {said}");
    });
}
