using System.Text.Json.Nodes;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Injection;

/// <summary>
/// A pod that is being changed, and the RFC 6902 operations that change it. Only what is touched stands in the patch, so
/// that what this operator does not know in a pod stays as it is, byte for byte.
/// </summary>
internal sealed class PodPatch(JsonObject pod)
{
    private readonly JsonObject _pod = (JsonObject)pod.DeepClone();

    /// <summary>The operations so far, in their order; empty where nothing has to change.</summary>
    public JsonArray Operations { get; } = [];

    /// <summary>The pod with the operations applied. Read only.</summary>
    public JsonObject Pod => _pod;

    /// <summary>Sets a label or annotation, and makes the map where there is none.</summary>
    public void SetMetadata(string map, string key, string value)
    {
        if (_pod["metadata"] is not JsonObject metadata) Add(_pod, "/metadata", metadata = []);
        if (metadata[map] is not JsonObject entries) Add(metadata, $"/metadata/{map}", entries = []);
        if (entries[key] is JsonValue present && present.ToString() == value) return;
        var path = $"/metadata/{map}/{JsonPointer.Escape(key)}";
        Operations.Add(Operation(entries.ContainsKey(key) ? "replace" : "add", path, value));
        entries[key] = value;
    }

    /// <summary>Puts an element into a list of the pod's spec, and makes the list where there is none.</summary>
    /// <param name="index">Where; the list's length, or more, for its end.</param>
    public void Insert(string list, int index, JsonObject element)
    {
        var spec = (JsonObject)_pod["spec"]!;
        if (spec[list] is not JsonArray elements) Add(spec, $"/spec/{list}", elements = []);
        var end = index >= elements.Count;
        Operations.Add(Operation("add", $"/spec/{list}/{(end ? "-" : $"{index}")}", element.DeepClone()));
        elements.Insert(end ? elements.Count : index, element);
    }

    public void Remove(string list, int index)
    {
        Operations.Add(new JsonObject { ["op"] = "remove", ["path"] = $"/spec/{list}/{index}" });
        ((JsonArray)_pod["spec"]![list]!).RemoveAt(index);
    }

    private void Add(JsonObject parent, string path, JsonNode empty)
    {
        Operations.Add(Operation("add", path, empty.DeepClone()));
        parent[path[(path.LastIndexOf('/') + 1)..]] = empty;
    }

    private static JsonObject Operation(string op, string path, JsonNode? value) => new() { ["op"] = op, ["path"] = path, ["value"] = value };
}
