namespace TierOperator.Kubernetes.Client;

/// <summary>How an object is made.</summary>
public sealed record WriteOptions
{
    /// <summary>Asks what would happen, and changes nothing.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Refuses fields that the kind does not know, as kubectl does; else the server drops them.</summary>
    public bool IsStrict { get; init; }
}
