using TierOperator.Kubernetes.Connection;

namespace TierOperator.Kubernetes.TestKit.Real;

/// <summary>
/// The one real API server of a test run: started at first use from KUBEBUILDER_ASSETS, or the cluster of KUBECONFIG.
/// Ends with the process.
/// </summary>
public static class RealCluster
{
    private static readonly Lazy<Task<ClusterConnection>> Started = new(StartAsync);

    private static string? Assets => NonEmpty("KUBEBUILDER_ASSETS");

    /// <summary>Why tests on a real API server are skipped; null where there is one.</summary>
    public static string? SkipReason => Assets is null && NonEmpty("KUBECONFIG") is null
        ? "no real API server: set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver, or KUBECONFIG to a cluster for tests"
        : null;

    /// <summary>Of the server started here; null where KUBECONFIG names a cluster.</summary>
    public static RealApiServer? Server { get; private set; }

    public static Task<ClusterConnection> ConnectAsync() => Started.Value;

    private static async Task<ClusterConnection> StartAsync()
    {
        if (Assets is not { } assets) return ClusterConnection.Find(null, null, TimeProvider.System);
        Server = await RealApiServer.StartAsync(assets);
        return Server.Connection;
    }

    private static string? NonEmpty(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
