namespace TierOperator.Kubernetes.Controllers;

/// <summary>How a reconciliation ended.</summary>
/// <param name="IsSuccess">False: not done, try again with growing waits.</param>
/// <param name="RequeueAfter">When to look again without being told; null to wait for a change.</param>
public readonly record struct ReconciliationResult(bool IsSuccess, TimeSpan? RequeueAfter = null)
{
    public static ReconciliationResult Success { get; } = new(true);

    /// <summary>Not done for a reason that the controller has told itself; tried again with growing waits.</summary>
    public static ReconciliationResult Failure { get; } = new(false);

    public static ReconciliationResult Again(TimeSpan after) => new(true, after);
}
