using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>An object as it stands in one version. Its body is never changed: a write makes another one.</summary>
public sealed class StoredObject(JsonObject body, FieldOwners owners)
{
    private byte[]? _utf8;
    private byte[]? _metadataUtf8;

    public JsonObject Body { get; } = body;
    public FieldOwners Owners { get; } = owners;
    public ObjectKey Key { get; } = new(body["metadata"]!["namespace"]?.GetValue<string>() ?? "", body["metadata"]!["name"]!.GetValue<string>());
    public JsonObject Metadata => (JsonObject)Body["metadata"]!;
    public string Version => Metadata["resourceVersion"]!.GetValue<string>();
    public string Uid => Metadata["uid"]!.GetValue<string>();
    public bool IsBeingDeleted => Metadata["deletionTimestamp"] is not null;

    /// <summary>The bytes on the wire, made once for all lists and watches.</summary>
    public byte[] Utf8(bool metadataOnly) => metadataOnly
        ? _metadataUtf8 ??= JsonSerializer.SerializeToUtf8Bytes<JsonNode>(new JsonObject
        {
            ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = Metadata.DeepClone(),
        })
        : _utf8 ??= JsonSerializer.SerializeToUtf8Bytes<JsonNode>(Body);
}
