namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>One write, as watches tell it.</summary>
/// <param name="Version">The version that the write made.</param>
/// <param name="Before">Null for a creation.</param>
/// <param name="After">For a deletion the last state, in the deletion's version.</param>
/// <param name="IsDeletion">True where the object is gone.</param>
public sealed record StoredEvent(long Version, StoredObject? Before, StoredObject After, bool IsDeletion);
