using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Events;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Statuses;

namespace TierOperator.Manager.Reconciling;

/// <summary>What a reconciliation works with. Made once.</summary>
internal sealed record ReconcilerParts(KubeClient Client, PolicyCatalog Catalog, OwnedObjects Owned, TimeProvider Time)
{
    public required ObjectApplier Applier { get; init; }
    public required PodFinder Pods { get; init; }
    public required SidecarPoller Poller { get; init; }
    public required BackendReconciler Backends { get; init; }
    public required PodEvictions Evictions { get; init; }
    public required EventRecorder Events { get; init; }
}
