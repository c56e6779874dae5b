using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Controllers;

/// <summary>How a controller works.</summary>
/// <param name="Name">In logs and metrics.</param>
/// <param name="Workers">How many entities are reconciled at once.</param>
public sealed record ControllerOptions(string Name, int Workers = 4)
{
    /// <summary>How long one reconciliation may take before it is cancelled and tried again.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Whether a change of the entity itself is worth a reconciliation. Its own status is not, or a controller would
    /// wake itself for ever; everything that people and garbage collection act by is.
    /// </summary>
    public static bool IsRelevant<T>(ObjectChange<T> change) where T : class, IKubeObject
    {
        if (change.Kind != ChangeKind.Updated || change.Old is null) return true;
        var (old, current) = (change.Old.Metadata, change.Current.Metadata);
        return old.Generation != current.Generation || current.Generation == 0
            || old.Uid != current.Uid
            || old.DeletionTimestamp != current.DeletionTimestamp
            || !old.Finalizers.SequenceEqual(current.Finalizers)
            || !Same(old.Labels, current.Labels)
            || !Same(old.Annotations, current.Annotations);
    }

    private static bool Same(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        one.Count == other.Count && one.All(entry => other.TryGetValue(entry.Key, out var value) && value == entry.Value);
}
