namespace TierOperator.Kubernetes.Connection;

/// <summary>Where an API server is, whom to trust there, and who we are.</summary>
/// <param name="Server">The base address.</param>
/// <param name="Credentials">Who we are.</param>
public sealed record ClusterConnection(Uri Server, IClusterCredentials Credentials)
{
    /// <summary>The authorities that may have signed the server's certificate; null for those of the system.</summary>
    public CertificateAuthority? Authority { get; init; }

    /// <summary>The name that the server's certificate must carry, where it is not the address.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>Takes any certificate. For a cluster on one's own desk.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>The namespace of the context or of the pod.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>
    /// The cluster that this program runs in, or that the kubeconfig names: <paramref name="kubeconfigPath"/>, else
    /// KUBECONFIG, else in-cluster, else the file in the home folder.
    /// </summary>
    public static ClusterConnection Find(string? kubeconfigPath, string? context, TimeProvider time)
    {
        var named = kubeconfigPath ?? NonEmpty(Environment.GetEnvironmentVariable("KUBECONFIG"));
        if (named is not null) return KubeConfig.Load(named, context, time);
        if (InCluster.IsAvailable) return InCluster.Load(time);
        var home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
        if (File.Exists(home)) return KubeConfig.Load(home, context, time);
        throw new ConnectionException("no cluster: this is no pod, KUBECONFIG is not set, and there is no ~/.kube/config");
    }

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
