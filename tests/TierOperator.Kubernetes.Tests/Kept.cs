using System.Text.Json;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes;

/// <summary>A ConfigMap, or any object, as these tests keep it.</summary>
internal sealed record Kept(ObjectMeta Metadata, string? Value) : IKubeObject
{
    public static ResourceView<Kept> View(ResourceType type) => new(type, Read);

    public static ResourceView<Kept> ConfigMaps { get; } = View(ResourceTypes.ConfigMaps);

    private static Kept Read(JsonElement body) => new(ObjectMeta.Read(body), JsonFields.Text(JsonFields.Object(body, "data"), "value"));
}
