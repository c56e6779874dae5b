using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Conflicts;

/// <summary>Merges two JSON objects by member: what both have is the newer one's, objects within are merged the same way.</summary>
internal static class JsonMerge
{
    /// <summary>Null where one of them is no JSON object: then there are no members to merge.</summary>
    public static byte[]? TryMerge(in ItemSnapshot older, in ItemSnapshot newer)
        => ObjectOf(older) is { } below && ObjectOf(newer) is { } above ? JsonSerializer.SerializeToUtf8Bytes(Merge(below, above)) : null;

    private static JsonObject? ObjectOf(in ItemSnapshot item)
    {
        if (!MediaType.IsJson(item.ContentType)) return null;
        try
        {
            var node = JsonNode.Parse(item.Value.ToArray()) as JsonObject;
            _ = node?.Count; // members are read late: a name that stands twice is found here
            return node;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static JsonObject Merge(JsonObject below, JsonObject above)
    {
        foreach (var (name, value) in above)
        {
            below[name] = value is JsonObject inner && below[name] is JsonObject present
                ? Merge((JsonObject)present.DeepClone(), inner)
                : value?.DeepClone();
        }

        return below;
    }
}
