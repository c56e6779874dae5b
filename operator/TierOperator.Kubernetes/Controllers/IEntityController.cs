using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Controllers;

/// <summary>
/// Makes the world as an entity says. Level-based: it is told that something about the entity may have changed, never
/// what, and does the same thing again without harm. Calls for one entity never overlap.
/// </summary>
public interface IEntityController<in T> where T : class, IKubeObject
{
    /// <summary>Reads the world, computes what should be, writes the difference. An exception means: again later.</summary>
    Task<ReconciliationResult> ReconcileAsync(T entity, CancellationToken cancellationToken);

    /// <summary>The entity is gone; this is how it was last known. What must not be missed belongs in a finalizer.</summary>
    Task<ReconciliationResult> DeletedAsync(T entity, CancellationToken cancellationToken);
}
