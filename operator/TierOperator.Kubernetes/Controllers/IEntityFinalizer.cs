using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Controllers;

/// <summary>Work that has to be done before an entity may vanish.</summary>
public interface IEntityFinalizer<in T> where T : class, IKubeObject
{
    /// <summary>The name in the entity's list, <c>domain/name</c>.</summary>
    string Identifier { get; }

    /// <summary>Does the work, again without harm where it was done before. Success takes the name off the list.</summary>
    Task<ReconciliationResult> FinalizeAsync(T entity, CancellationToken cancellationToken);
}
