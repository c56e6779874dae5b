using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TierOperator.Kubernetes.Connection;

/// <summary>
/// Reads a kubeconfig: a context's cluster and user. Of several files (KUBECONFIG is a list) the first one that has an
/// entry wins, as for kubectl.
/// </summary>
public static class KubeConfig
{
    /// <summary>Reads the files of a path list. A relative path in a file counts from that file.</summary>
    public static ClusterConnection Load(string paths, string? context, TimeProvider time)
    {
        var files = paths.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Where(File.Exists).Select(Read).ToList();
        if (files.Count == 0) throw new ConnectionException($"there is no kubeconfig at {paths}");
        var name = context ?? files.Select(file => file.Text("current-context")).FirstOrDefault(text => !string.IsNullOrEmpty(text))
            ?? throw new ConnectionException($"the kubeconfig {paths} has no current-context: name one, or run `kubectl config use-context NAME`");
        var chosen = Entry(files, "contexts", name).Map("context");
        var cluster = Entry(files, "clusters", chosen.Text("cluster") ?? "").Map("cluster");
        var user = chosen.Text("user") is { Length: > 0 } userName ? Entry(files, "users", userName).Map("user") : KubeConfigMap.Empty;
        return ClusterOf(cluster, UserCredentials.Of(user, time)) with { Namespace = chosen.Text("namespace") ?? "default" };
    }

    private static ClusterConnection ClusterOf(KubeConfigMap cluster, IClusterCredentials credentials)
    {
        var server = cluster.Text("server");
        if (!Uri.TryCreate(server?.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new ConnectionException($"the kubeconfig's server `{server}` is no http or https address");
        if (cluster.Text("proxy-url") is not null)
            throw new ConnectionException("the kubeconfig's proxy-url is not supported: set HTTPS_PROXY instead");
        return new ClusterConnection(address, credentials)
        {
            Authority = AuthorityOf(cluster),
            IsInsecure = cluster.Text("insecure-skip-tls-verify") == "true",
            TlsServerName = cluster.Text("tls-server-name"),
        };
    }

    private static CertificateAuthority? AuthorityOf(KubeConfigMap cluster) =>
        cluster.Pem("certificate-authority") is { } pem ? CertificateAuthority.OfPem(pem) : null;

    private static KubeConfigMap Entry(List<KubeConfigMap> files, string list, string name) =>
        files.SelectMany(file => file.List(list)).FirstOrDefault(entry => entry.Text("name") == name)
        ?? throw new ConnectionException($"the kubeconfig has no entry `{name}` under {list}");

    private static KubeConfigMap Read(string path)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(File.ReadAllText(path)));
            var root = yaml.Documents.Count > 0 ? yaml.Documents[0].RootNode as YamlMappingNode : null;
            return new KubeConfigMap(root ?? [], path, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception error) when (error is YamlException or IOException or UnauthorizedAccessException)
        {
            throw new ConnectionException($"the kubeconfig {path} cannot be read: {error.Message}", error);
        }
    }
}
