namespace TierOperator.Kubernetes.Client;

/// <summary>Which objects of a kind are listed and watched.</summary>
/// <param name="Namespace">Null for all namespaces.</param>
/// <param name="LabelSelector">As in <c>kubectl -l</c>; null for all.</param>
/// <param name="FieldSelector">As in <c>kubectl --field-selector</c>; null for all.</param>
public sealed record ListScope(string? Namespace = null, string? LabelSelector = null, string? FieldSelector = null)
{
    public static ListScope Everything { get; } = new();
}
