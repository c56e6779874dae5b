namespace TierOperator.Kubernetes.Informers;

/// <summary>What became of an object in a store.</summary>
public enum ChangeKind { Added, Updated, Deleted }

/// <summary>One change of a store.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Old">As it stood before; null for an addition.</param>
/// <param name="Current">As it stands now; for a deletion as it was last known.</param>
public readonly record struct ObjectChange<T>(ChangeKind Kind, T? Old, T Current);
