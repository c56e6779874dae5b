using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Connection;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit.Real;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>
/// The charts of this repository on the real API server, in a namespace of their own. The operator's chart names its
/// objects after the release, and the release is named after the namespace.
/// </summary>
internal sealed class ChartRelease(ClusterConnection connection) : IAsyncDisposable
{
    public static string Operator { get; } = Path.Combine(Golden.Root, "charts", "tier-operator");

    public static string Crds { get; } = Path.Combine(Golden.Root, "charts", "tier-operator-crds");

    public KubeClient Client { get; } = new(connection);

    public string Name { get; } = $"chart-{Guid.NewGuid():n}"[..20];

    private string CrdsRelease => $"{Name}-crds";

    public static async Task<ChartRelease> CreateAsync()
    {
        Assert.SkipWhen(RealCluster.SkipReason is not null, RealCluster.SkipReason ?? "");
        Assert.SkipWhen(Helm.Executable is null, Helm.SkipReason);
        return new ChartRelease(await RealCluster.ConnectAsync());
    }

    /// <summary>The kind may stand already, from a test before or from an older version: it is taken over.</summary>
    public Task UpgradeCrdsAsync(string chart) => HelmAsync("upgrade", "--install", CrdsRelease, chart, "--take-ownership", "--force-conflicts", "--create-namespace");

    public Task UninstallCrdsAsync() => HelmAsync("uninstall", CrdsRelease);

    public Task InstallAsync() => HelmAsync("install", Name, Operator, "--create-namespace");

    public Task UninstallAsync() => HelmAsync("uninstall", Name);

    public Task<string> HelmAsync(params string[] arguments) => Helm.RunAsync(
        [.. arguments, "--namespace", Name, .. RealCluster.Server is { } server ? new[] { "--kubeconfig", server.KubeConfigPath } : []]);

    /// <summary>The cluster as the operator's own account sees it.</summary>
    public async Task<ClusterConnection> ConnectAsAccountAsync(CancellationToken cancellationToken)
    {
        var asked = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject() };
        var answer = await Client.CreateAsync(ResourceTypes.ServiceAccounts, new ObjectKey(Name, Name), "token", asked, cancellationToken);
        return connection with { Credentials = new FixedCredentials(answer["status"]!["token"]!.GetValue<string>()) };
    }

    public Task<JsonObject?> FindAsync(ResourceType type, CancellationToken cancellationToken) =>
        Client.GetAsync(type, type.IsNamespaced ? new ObjectKey(Name, Name) : ObjectKey.OfCluster(Name), cancellationToken);

    // Also after a test that failed halfway: a webhook configuration that is left would slow down every later one.
    public async ValueTask DisposeAsync()
    {
        foreach (var type in new[] { ResourceTypes.MutatingWebhooks, ResourceTypes.ValidatingWebhooks })
            await Client.DeleteAsync(type, ObjectKey.OfCluster(Name), new DeleteOptions(), CancellationToken.None);
        await Client.DeleteAsync(ResourceTypes.Namespaces, ObjectKey.OfCluster(Name), new DeleteOptions(), CancellationToken.None);
        Client.Dispose();
    }
}
