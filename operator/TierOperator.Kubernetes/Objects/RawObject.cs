using System.Text.Json;

namespace TierOperator.Kubernetes.Objects;

/// <summary>A whole object, unknown fields included. Immutable.</summary>
public sealed record RawObject(ObjectMeta Metadata, JsonElement Body) : IKubeObject
{
    public static RawObject Read(JsonElement body) => new(ObjectMeta.Read(body), body.Clone());

    /// <summary>Keeps whole objects: for kinds of which there are few.</summary>
    public static ResourceView<RawObject> View(ResourceType type) => new(type, Read);
}
