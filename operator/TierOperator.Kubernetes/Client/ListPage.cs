namespace TierOperator.Kubernetes.Client;

/// <summary>One page of a list.</summary>
/// <param name="Items">In the server's order.</param>
/// <param name="ResourceVersion">The version of the list, from which a watch goes on.</param>
/// <param name="Continue">The token for the next page; null on the last one.</param>
public sealed record ListPage<T>(IReadOnlyList<T> Items, string ResourceVersion, string? Continue);
