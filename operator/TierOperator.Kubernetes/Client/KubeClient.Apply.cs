using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Client;

public sealed partial class KubeClient
{
    // What the server alone writes. An object that was read carries these, and applying a read object would claim every field of it.
    private static readonly string[] FieldsOfReadObjects = ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"];

    /// <summary>
    /// Server-side apply: the object holds exactly the fields that are ours. Throws <see cref="ArgumentException"/> for an
    /// object that was read from the server.
    /// </summary>
    public Task<JsonObject> ApplyAsync(ResourceType type, JsonObject owned, ApplyOptions options, CancellationToken cancellationToken) =>
        ApplyAsync(type, null, owned, options, cancellationToken);

    /// <summary>Server-side apply of the status alone: the body names the object and holds its status.</summary>
    public Task<JsonObject> ApplyStatusAsync(ResourceType type, JsonObject owned, ApplyOptions options, CancellationToken cancellationToken) =>
        ApplyAsync(type, "status", owned, options, cancellationToken);

    /// <summary>
    /// Applies a status only where it says something new: a status that repeats itself would wake every watcher. False
    /// when nothing was written.
    /// </summary>
    public async Task<bool> ApplyStatusIfChangedAsync(ResourceType type, RawObject current, JsonObject status, ApplyOptions options, CancellationToken cancellationToken)
    {
        if (current.Body.TryGetProperty("status", out var written) && JsonNode.DeepEquals(JsonObject.Create(written), status)) return false;
        var owned = new JsonObject
        {
            ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind,
            ["metadata"] = new JsonObject { ["name"] = current.Metadata.Name, ["namespace"] = current.Metadata.Namespace },
            ["status"] = status.DeepClone(),
        };
        await ApplyStatusAsync(type, owned, options, cancellationToken);
        return true;
    }

    private Task<JsonObject> ApplyAsync(ResourceType type, string? subresource, JsonObject owned, ApplyOptions options, CancellationToken cancellationToken)
    {
        var key = KeyOf(type, owned);
        var query = new QueryText(type.PathOf(key, subresource)).Add("fieldManager", options.FieldManager)
            .Add("force", options.Force ? "true" : "false").Add("dryRun", options.IsDryRun ? "All" : null);
        var request = new ApiRequest(HttpMethod.Patch, query.ToString()) { Body = owned, ContentType = "application/apply-patch+yaml" };
        return _sender.SendAsync(request, JsonBodies.ReadObjectAsync, cancellationToken);
    }

    private static ObjectKey KeyOf(ResourceType type, JsonObject owned)
    {
        if (owned["apiVersion"]?.GetValue<string>() != type.ApiVersion || owned["kind"]?.GetValue<string>() != type.Kind)
            throw new ArgumentException($"what is applied to {type} must say apiVersion {type.ApiVersion} and kind {type.Kind}", nameof(owned));
        if (owned["metadata"] is not JsonObject metadata || metadata["name"]?.GetValue<string>() is not { Length: > 0 } name)
            throw new ArgumentException($"what is applied to {type} has no metadata.name", nameof(owned));
        if (FieldsOfReadObjects.FirstOrDefault(metadata.ContainsKey) is { } field)
            throw new ArgumentException($"{type} {name} was read from the server (it has metadata.{field}): apply only the fields that are ours", nameof(owned));
        return new ObjectKey(metadata["namespace"]?.GetValue<string>() ?? "", name);
    }
}
