using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>JSON Patch (RFC 6902: add, remove, replace, test) and JSON Merge Patch (RFC 7396).</summary>
public static class JsonPatches
{
    /// <summary>Changes the document in place. Throws <see cref="FormatException"/> where an operation does not fit.</summary>
    public static JsonNode Apply(JsonNode document, JsonArray operations)
    {
        foreach (var operation in operations.OfType<JsonObject>()) document = ApplyOne(document, operation);
        return document;
    }

    public static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject fields) return patch?.DeepClone();
        var result = target as JsonObject ?? [];
        foreach (var (name, value) in fields)
        {
            if (value is null) result.Remove(name);
            else result[name] = Merge(result[name] is { } there ? there.DeepClone() : null, value);
        }

        return result;
    }

    private static JsonNode ApplyOne(JsonNode document, JsonObject operation)
    {
        var (name, path) = (operation["op"]?.GetValue<string>(), operation["path"]?.GetValue<string>() ?? "");
        var value = operation["value"];
        if (path.Length == 0) return name is "add" or "replace" ? value!.DeepClone() : document;
        var steps = path.Split('/').Skip(1).Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
        var parent = steps[..^1].Aggregate(document, (node, step) => Child(node, step) ?? throw new FormatException($"there is nothing at {path}"));
        switch (name)
        {
            case "add": Add(parent, steps[^1], value?.DeepClone()); break;
            case "remove": Remove(parent, steps[^1], path); break;
            case "replace": Remove(parent, steps[^1], path); Add(parent, steps[^1], value?.DeepClone()); break;
            case "test" when JsonNode.DeepEquals(Child(parent, steps[^1]), value): break;
            case "test": throw new FormatException($"the test of {path} failed");
            default: throw new FormatException($"the operation {name} is not known");
        }

        return document;
    }

    private static JsonNode? Child(JsonNode node, string step) => node switch
    {
        JsonObject fields => fields[step],
        JsonArray list when int.TryParse(step, out var place) && place < list.Count => list[place],
        _ => null,
    };

    private static void Add(JsonNode parent, string step, JsonNode? value)
    {
        if (parent is JsonObject fields) fields[step] = value;
        else if (parent is JsonArray list && step == "-") list.Add(value);
        else if (parent is JsonArray elements && int.TryParse(step, out var place) && place <= elements.Count) elements.Insert(place, value);
        else throw new FormatException($"nothing can be added at {step}");
    }

    private static void Remove(JsonNode parent, string step, string path)
    {
        if (parent is JsonObject fields && fields.Remove(step)) return;
        if (parent is not JsonArray list || !int.TryParse(step, out var place) || place >= list.Count) throw new FormatException($"there is nothing at {path}");
        list.RemoveAt(place);
    }
}
