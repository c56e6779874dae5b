using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Cluster;

/// <summary>
/// On a cluster whose kubelets run pods: the images under the charts, the chart's own test, which puts and gets through a
/// sidecar, and the first example as its page says. The images must be there; OPERATOR_IMAGE and SIDECAR_IMAGE name them.
/// </summary>
[Trait("Category", "EndToEnd")]
[Collection(nameof(SharedCluster))]
public sealed class ClusterWithNodesTests : IAsyncLifetime
{
    private const string Patience = "180s";
    private readonly string _namespace = $"shop-{Guid.NewGuid():n}"[..20];
    private ChartRelease? _release;

    public async ValueTask InitializeAsync()
    {
        _release = await ChartRelease.CreateAsync();
        Assert.SkipWhen(Kubectl.Executable is null, Kubectl.SkipReason);
        var nodes = await _release.Client.ListPageAsync(MetadataObject.View(ResourceTypes.Nodes), ListScope.Everything, null, CancellationToken.None);
        Assert.SkipWhen(nodes.Items.Count == 0, "this cluster has no nodes, so no container runs on it: helm test and the examples' apps were left out");
        await _release.UpgradeCrdsAsync(ChartRelease.Crds);
        await _release.HelmAsync(["install", _release.Name, ChartRelease.Operator, "--create-namespace", "--wait", "--timeout", Patience, .. Image("image", "OPERATOR_IMAGE"), .. Image("sidecar", "SIDECAR_IMAGE")]);
        await Kubectl.RunAsync("create", "namespace", _namespace);
    }

    public async ValueTask DisposeAsync()
    {
        if (_release is null) return;
        await _release.Client.DeleteAsync(ResourceTypes.Namespaces, ObjectKey.OfCluster(_namespace), new DeleteOptions(), CancellationToken.None);
        await _release.DisposeAsync();
    }

    [Fact]
    public async Task Chart_ItsOwnTest_PutsAndGetsThroughASidecar() => await _release!.HelmAsync("test", _release.Name, "--timeout", Patience);

    [Fact]
    public async Task Quickstart_AppliedAsItsPageSays_RunsAndIsReady()
    {
        var folder = Path.Combine(Golden.Root, "examples", "quickstart");

        await Kubectl.RunAsync("apply", "--namespace", _namespace, "--filename", Path.Combine(folder, "policy.yaml"));
        await Kubectl.RunAsync("wait", "--namespace", _namespace, "--for=condition=Accepted", "tierpolicy", "--all", $"--timeout={Patience}");
        await Kubectl.RunAsync("apply", "--namespace", _namespace, "--filename", Path.Combine(folder, "app.yaml"));
        await Kubectl.RunAsync("wait", "--namespace", _namespace, "--for=condition=Ready", "pod", "--all", $"--timeout={Patience}");

        await Kubectl.RunAsync("wait", "--namespace", _namespace, "--for=condition=Ready", "tierpolicy", "--all", $"--timeout={Patience}");
        var containers = await Kubectl.RunAsync("get", "pods", "--namespace", _namespace, "--output", "jsonpath={.items[*].spec.initContainers[*].name}");
        Assert.Contains("tier", containers, StringComparison.Ordinal);
    }

    private static string[] Image(string values, string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } image) return [];
        var colon = image.LastIndexOf(':');
        return ["--set", $"{values}.repository={image[..colon]}", "--set", $"{values}.tag={image[(colon + 1)..]}"];
    }
}
