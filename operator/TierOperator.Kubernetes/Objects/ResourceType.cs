namespace TierOperator.Kubernetes.Objects;

/// <summary>A kind of objects as the API server serves it.</summary>
/// <param name="Group">The API group; empty for the core one.</param>
/// <param name="Version">The version within the group.</param>
/// <param name="Plural">The name in URLs.</param>
/// <param name="Kind">The name in documents.</param>
/// <param name="IsNamespaced">False for kinds of the whole cluster.</param>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool IsNamespaced = true)
{
    /// <summary>As documents write it.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path of one object, or of one of its subresources.</summary>
    public string PathOf(ObjectKey key, string? subresource = null)
    {
        if (key.Name.Length == 0) throw new ArgumentException($"a {Kind} without a name has no path", nameof(key));
        if (IsNamespaced && key.Namespace.Length == 0) throw new ArgumentException($"the {Kind} {key.Name} needs a namespace", nameof(key));
        var path = $"{PathOf(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    /// <summary>The path of all objects of a namespace, or of the cluster for null or an empty one.</summary>
    public string PathOf(string? @namespace)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        return IsNamespaced && !string.IsNullOrEmpty(@namespace)
            ? $"{root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}"
            : $"{root}/{Plural}";
    }

    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
