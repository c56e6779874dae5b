using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Controllers;
using TierOperator.Kubernetes.Events;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// What becomes of data with the policy: under Delete the claims and generated Secrets go; under Retain, and for a policy
/// that cannot be read, they stay, and a policy of the same name finds them again.
/// </summary>
internal sealed class PolicyFinalizer(KubeClient client, PolicyCatalog catalog, EventRecorder events) : IEntityFinalizer<RawObject>
{
    public string Identifier => "tieroperator.io/cleanup";

    public async Task<ReconciliationResult> FinalizeAsync(RawObject entity, CancellationToken cancellationToken)
    {
        var policy = catalog.Find(entity.Metadata.Key);
        if (policy?.Running is null || policy.RunningSpec.DeletionPolicy != DeletionPolicy.Delete) return ReconciliationResult.Success;
        var scope = new ListScope(entity.Metadata.Namespace, $"{WellKnown.Owner}={ObjectNames.LabelValue(entity.Metadata.Name)}");

        // First what uses the claims, or Kubernetes would hold them until it is gone.
        foreach (var type in new[] { ResourceTypes.StatefulSets, ResourceTypes.PersistentVolumeClaims, ResourceTypes.Secrets })
            await DeleteAllAsync(type, scope, cancellationToken);
        events.Record(new KubeEvent(PolicyCatalog.Type, entity.Metadata, EventKind.Normal, "DataDeleted", "the volumes and Secrets of managed backends were deleted, as deletionPolicy: Delete says", "Finalize"));
        return ReconciliationResult.Success;
    }

    private async Task DeleteAllAsync(ResourceType type, ListScope scope, CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var page = await client.ListPageAsync(MetadataObject.View(type), scope, next, cancellationToken);
            foreach (var item in page.Items) await client.DeleteAsync(type, item.Metadata.Key, new DeleteOptions(Uid: item.Metadata.Uid), cancellationToken);
            next = page.Continue;
        }
        while (next is not null);
    }
}
