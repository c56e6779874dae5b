using System.Net;
using System.Net.Sockets;

namespace TierOperator.Kubernetes.Connection;

/// <summary>The cluster that this pod runs in, by what Kubernetes puts into every pod.</summary>
public static class InCluster
{
    private const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static bool IsAvailable => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"));

    public static ClusterConnection Load(TimeProvider time) => Load(
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") ?? "",
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT") ?? "443", Folder, time);

    internal static ClusterConnection Load(string host, string port, string folder, TimeProvider time)
    {
        var namespaceFile = Path.Combine(folder, "namespace");
        return new ClusterConnection(AddressOf(host, port), new TokenFile(Path.Combine(folder, "token"), time))
        {
            Authority = CertificateAuthority.OfFile(Path.Combine(folder, "ca.crt"), time),
            Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : "default",
        };
    }

    /// <summary>An IPv6 address comes bare and stands in brackets in a URL.</summary>
    internal static Uri AddressOf(string host, string port)
    {
        var isV6 = IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        return new Uri($"https://{(isV6 ? $"[{host}]" : host)}:{port}/");
    }
}
