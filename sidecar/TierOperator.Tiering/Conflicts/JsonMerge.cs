using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Conflicts;

/// <summary>Merges two JSON objects by member: what both have is the newer one's, objects within are merged the same way.</summary>
internal static class JsonMerge
{
    /// <summary>Null where one of them is no JSON object that can be written anew: then there are no members to merge.</summary>
    public static byte[]? TryMerge(in ItemSnapshot older, in ItemSnapshot newer)
    {
        if (!MediaType.IsJson(older.ContentType) || !MediaType.IsJson(newer.ContentType)) return null;
        try
        {
            return ObjectOf(older) is { } below && ObjectOf(newer) is { } above ? JsonSerializer.SerializeToUtf8Bytes(Merge(below, above)) : null;
        }
        catch (Exception error) when (error is JsonException or ArgumentException or InvalidOperationException)
        {
            return null; // not JSON, a name that stands twice, or half a surrogate pair
        }
    }

    private static JsonObject? ObjectOf(in ItemSnapshot item) => JsonNode.Parse(item.Value.ToArray()) as JsonObject;

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
