using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit.Serving;

/// <summary>What a request is about, by its path.</summary>
internal sealed record ApiPath(string Group, string Version, string Plural, string Namespace, string Name, string Subresource)
{
    public ObjectKey Key => new(Namespace, Name);

    /// <summary>Null for paths of no resource.</summary>
    public static ApiPath? Parse(string path)
    {
        var parts = path.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        var isCore = parts[0] == "api";
        var first = isCore ? 2 : 3;
        if (parts[0] is not ("api" or "apis") || parts.Length <= first) return null;
        var (group, version) = isCore ? ("", parts[1]) : (parts[1], parts[2]);
        var rest = parts[first..];
        var isNamespaced = rest[0] == "namespaces" && rest.Length > 2 && rest[2] is not ("status" or "finalize");
        var home = isNamespaced ? rest[1] : "";
        if (isNamespaced) rest = rest[2..];
        return new ApiPath(group, version, rest[0], home, rest.ElementAtOrDefault(1) ?? "", rest.ElementAtOrDefault(2) ?? "");
    }
}
