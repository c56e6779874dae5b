namespace TierOperator.Kubernetes.TestKit.Faults;

/// <summary>A request as tests see it.</summary>
/// <param name="Method">GET, POST, …</param>
/// <param name="Path">The path without the query.</param>
/// <param name="Query">The query, with its question mark.</param>
/// <param name="ContentType">Tells kinds of patches apart.</param>
/// <param name="Token">The bearer token; null for none.</param>
public sealed record ApiCall(string Method, string Path, string Query, string ContentType, string? Token)
{
    public bool IsWatch => Query.Contains("watch=true", StringComparison.Ordinal);

    public bool IsList => Method == "GET" && !IsWatch && Query.Contains("limit=", StringComparison.Ordinal);

    /// <summary>Anything that may change an object.</summary>
    public bool IsWrite => Method != "GET";

    public override string ToString() => $"{Method} {Path}{Query}";
}
