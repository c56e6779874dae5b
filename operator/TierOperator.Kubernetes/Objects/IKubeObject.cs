namespace TierOperator.Kubernetes.Objects;

/// <summary>
/// What an object was read into. Implementations are immutable: one instance stands in a store and is handed to
/// everybody who asks.
/// </summary>
public interface IKubeObject
{
    ObjectMeta Metadata { get; }
}
