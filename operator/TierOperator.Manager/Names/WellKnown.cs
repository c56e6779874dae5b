namespace TierOperator.Manager.Names;

/// <summary>Labels, annotations and names that users, pods and charts see. A contract: they keep their meaning.</summary>
internal static class WellKnown
{
    public const string Group = "tieroperator.io";

    /// <summary>Label of a pod or namespace that asks for injection, "true" or "false".</summary>
    public const string Inject = "tieroperator.io/inject";

    /// <summary>Label of a pod that names its policy.</summary>
    public const string Policy = "tieroperator.io/policy";

    /// <summary>Label of a pod: <c>closed</c> refuses the pod where it cannot be injected.</summary>
    public const string FailureMode = "tieroperator.io/failure-mode";

    /// <summary>Label on everything that belongs to a policy, and on injected pods; see <see cref="ObjectNames.LabelValue"/>.</summary>
    public const string Owner = "tieroperator.io/owned-by";

    /// <summary>Label that tells the parts of one policy apart.</summary>
    public const string Component = "tieroperator.io/component";

    /// <summary>Annotation of an injected pod: the policy that it runs, and keeps.</summary>
    public const string InjectedPolicy = "tieroperator.io/injected-policy";

    /// <summary>Annotation of an injected pod: a digest of what the policy asked of the pod's spec.</summary>
    public const string InjectedShape = "tieroperator.io/injected-shape";

    /// <summary>Annotation that asks for the repair of missed pods, on a policy.</summary>
    public const string Repair = "tieroperator.io/repair-missed";

    /// <summary>Annotation that asks for the policy's PostgreSQL as it was at a time.</summary>
    public const string Restore = "tieroperator.io/restore";

    /// <summary>Annotation that answers <see cref="Restore"/>: what was asked, and what became of it.</summary>
    public const string Restored = "tieroperator.io/restored";

    /// <summary>The sidecar's container.</summary>
    public const string Container = "tier";

    /// <summary>The field manager of everything that the operator applies.</summary>
    public const string FieldManager = "tier-operator";

    /// <summary>Namespaces that are never injected, beside the operator's own.</summary>
    public static readonly string[] SystemNamespaces = ["kube-system", "kube-public", "kube-node-lease"];
}
