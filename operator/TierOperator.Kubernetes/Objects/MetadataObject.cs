namespace TierOperator.Kubernetes.Objects;

/// <summary>An object of which only the metadata is fetched.</summary>
public sealed record MetadataObject(ObjectMeta Metadata) : IKubeObject
{
    public static ResourceView<MetadataObject> View(ResourceType type) => new(type, body => new MetadataObject(ObjectMeta.Read(body)), true);
}
