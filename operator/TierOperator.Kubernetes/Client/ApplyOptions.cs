namespace TierOperator.Kubernetes.Client;

/// <summary>In whose name fields are applied.</summary>
/// <param name="FieldManager">One name for life: a field that is no longer applied under it is removed.</param>
/// <param name="Force">Takes fields over that others own, instead of being refused with 409.</param>
public sealed record ApplyOptions(string FieldManager, bool Force = true)
{
    /// <summary>Asks what would happen, and changes nothing.</summary>
    public bool IsDryRun { get; init; }
}
