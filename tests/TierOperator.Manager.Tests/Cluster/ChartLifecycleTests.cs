using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit.Real;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Cluster;

/// <summary>Both charts on a real API server: installed, upgraded, rolled back and uninstalled.</summary>
[Trait("Category", "Cluster")]
[Trait("Category", "EndToEnd")]
[Collection(nameof(SharedCluster))]
public sealed class ChartLifecycleTests : IAsyncLifetime
{
    private static readonly ObjectKey s_kind = ObjectKey.OfCluster("tierpolicies.tieroperator.io");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("charts-");
    private ChartRelease? _release;

    private ChartRelease Release => _release!;

    public async ValueTask InitializeAsync() => _release = await ChartRelease.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        if (_release is not null) await _release.DisposeAsync();
    }

    [Fact]
    public async Task Operator_UpgradedAndRolledBack_KeepsTheBundleThatIsNotTheCharts()
    {
        var stop = TestContext.Current.CancellationToken;
        await Release.InstallAsync();
        var bundle = await PublishBundleAsync(stop);

        await Release.HelmAsync("upgrade", Release.Name, ChartRelease.Operator, "--set", "replicas=3");
        Assert.Equal(3, await ReplicasAsync(stop));
        Assert.Equal([bundle, bundle, bundle, bundle], await BundlesAsync(stop));
        await Release.HelmAsync("rollback", Release.Name, "1");

        Assert.Equal(2, await ReplicasAsync(stop));
        Assert.Equal([bundle, bundle, bundle, bundle], await BundlesAsync(stop));
    }

    [Fact]
    public async Task Operator_Uninstalled_LeavesNothingOfItself()
    {
        var stop = TestContext.Current.CancellationToken;
        await Release.InstallAsync();
        var manifest = Golden.YamlStreamOf(await Release.HelmAsync("get", "manifest", Release.Name)).OfType<JsonObject>().ToList();
        Assert.True(manifest.Count >= 10, $"{manifest.Count} objects");
        Assert.Equal([], await LackingAsync(manifest, stop));

        await Release.UninstallAsync();

        Assert.Equal(manifest.Count, (await LackingAsync(manifest, stop)).Count);
    }

    [Fact]
    public async Task Crds_OlderUpgradedRolledBackAndUninstalled_KeepTheKindAndThePolicies()
    {
        var stop = TestContext.Current.CancellationToken;
        var policy = TestPolicies.Node("{apiVersion: tieroperator.io/v1alpha1, kind: TierPolicy, metadata: {name: kept, namespace: NAME}, spec: {tiers: {memory: {capacity: 64Mi}}}}".Replace("NAME", Release.Name));
        await Release.UpgradeCrdsAsync(await OlderCrdsAsync(stop));
        Assert.DoesNotContain("Backends", await KindAsync(stop), StringComparison.Ordinal);
        await ScriptProcess.UntilAsync(() => IsServedAsync(stop));
        await Release.Client.ApplyAsync(PolicyCatalog.Type, policy, new ApplyOptions("test"), stop);

        await Release.UpgradeCrdsAsync(ChartRelease.Crds);
        Assert.Contains("Backends", await KindAsync(stop), StringComparison.Ordinal);
        await Release.HelmAsync("rollback", $"{Release.Name}-crds", "1", "--force-conflicts");
        Assert.DoesNotContain("Backends", await KindAsync(stop), StringComparison.Ordinal);
        await Release.UpgradeCrdsAsync(ChartRelease.Crds);
        await Release.UninstallCrdsAsync();

        Assert.Contains("Backends", await KindAsync(stop), StringComparison.Ordinal);
        var kept = await Release.Client.GetAsync(PolicyCatalog.Type, new ObjectKey(Release.Name, "kept"), stop);
        Assert.Equal("64Mi", kept!["spec"]!["tiers"]!["memory"]!["capacity"]!.GetValue<string>());
    }

    // The kind as a version might have had it that did not know one of the columns.
    private async Task<string> OlderCrdsAsync(CancellationToken stop)
    {
        var chart = Path.Combine(_folder.FullName, "tier-operator-crds");
        await ScriptProcess.RunAsync("cp", ["-rL", ChartRelease.Crds, chart]);
        var file = Path.Combine(chart, "files", "tierpolicies.yaml");
        var kind = (JsonObject)Golden.Yaml(await File.ReadAllTextAsync(file, stop));
        var columns = (JsonArray)kind["spec"]!["versions"]![0]!["additionalPrinterColumns"]!;
        columns.Remove(columns.Single(column => column!["name"]!.GetValue<string>() == "Backends"));
        await File.WriteAllTextAsync(file, kind.ToJsonString(), stop);
        return chart;
    }

    private async Task<string> KindAsync(CancellationToken stop) =>
        (await Release.Client.GetAsync(ResourceTypes.CustomResourceDefinitions, s_kind, stop))!["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.ToJsonString();

    private async Task<(bool, string)> IsServedAsync(CancellationToken stop)
    {
        try
        {
            await Release.Client.ListPageAsync(MetadataObject.View(PolicyCatalog.Type), ListScope.Everything, null, stop);
            return (true, "");
        }
        catch (KubeApiException error) when (error.IsNotFound)
        {
            return (false, error.Message);
        }
    }

    // As the operator does, entry by entry.
    private async Task<string> PublishBundleAsync(CancellationToken stop)
    {
        using var certificates = new TestCertificates();
        var bundle = Convert.ToBase64String(Encoding.ASCII.GetBytes(certificates.AuthorityPem));
        var operations = Enumerable.Range(0, 4).Select(entry => (JsonNode)new JsonObject { ["op"] = "add", ["path"] = $"/webhooks/{entry}/clientConfig/caBundle", ["value"] = bundle });
        await Release.Client.PatchAsync(ResourceTypes.MutatingWebhooks, ObjectKey.OfCluster(Release.Name), new JsonArray([.. operations]), stop);
        return bundle;
    }

    private async Task<IEnumerable<string?>> BundlesAsync(CancellationToken stop) =>
        ((JsonArray)(await Release.FindAsync(ResourceTypes.MutatingWebhooks, stop))!["webhooks"]!).Select(webhook => webhook!["clientConfig"]!["caBundle"]?.GetValue<string>());

    private async Task<long> ReplicasAsync(CancellationToken stop) => (await Release.FindAsync(ResourceTypes.Deployments, stop))!["spec"]!["replicas"]!.GetValue<long>();

    private async Task<List<string>> LackingAsync(IEnumerable<JsonObject> manifest, CancellationToken stop)
    {
        var lacking = new List<string>();
        foreach (var item in manifest)
        {
            var (kind, name) = (item["kind"]!.GetValue<string>(), item["metadata"]!["name"]!.GetValue<string>());
            var @namespace = item["metadata"]!["namespace"]?.GetValue<string>();
            var version = item["apiVersion"]!.GetValue<string>();
            var plural = kind.EndsWith('y') ? $"{kind[..^1]}ies".ToLowerInvariant() : $"{kind}s".ToLowerInvariant();
            var (group, number) = version.Split('/') is [var named, var of] ? (named, of) : ("", version);
            var type = new ResourceType(group, number, plural, kind, @namespace is not null);
            if (await Release.Client.GetAsync(type, new ObjectKey(@namespace ?? "", name), stop) is null) lacking.Add($"{kind} {name}");
        }

        return lacking;
    }
}
