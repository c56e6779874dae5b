namespace TierOperator.Kubernetes.Objects;

/// <summary>Where an object of a kind stands: its namespace, empty for kinds of the whole cluster, and its name.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>The key of an object that stands in no namespace.</summary>
    public static ObjectKey OfCluster(string name) => new("", name);

    public override string ToString() => string.IsNullOrEmpty(Namespace) ? Name : $"{Namespace}/{Name}";
}
