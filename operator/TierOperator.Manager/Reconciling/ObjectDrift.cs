using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// Whether an object stands as it should, without a call. What is desired must be in it, field by field; what the server
/// or others add beside it does not matter. A digest of what was applied last tells of fields that are no longer desired.
/// </summary>
internal static class ObjectDrift
{
    public const string Digest = "tieroperator.io/applied";

    /// <summary>Writes the digest into what is about to be applied.</summary>
    public static void Mark(JsonObject desired)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(desired.ToJsonString())))[..16];
        var metadata = (JsonObject)desired["metadata"]!;
        if (metadata["annotations"] is not JsonObject annotations) metadata["annotations"] = annotations = [];
        annotations[Digest] = digest;
    }

    public static bool Stands(JsonElement live, JsonObject desired)
    {
        foreach (var (name, value) in desired)
            if (name is not ("data" or "stringData") && !Covers(live, name, value)) return false;

        // Nothing is added to data by a server: here an entry too many is a change by somebody else.
        if (desired["data"] is not JsonObject data) return true;
        return live.TryGetProperty("data", out var held) && held.EnumerateObject().Count() == data.Count && Covers(held, data);
    }

    private static bool Covers(JsonElement live, JsonNode? desired) => desired switch
    {
        JsonObject fields => live.ValueKind == JsonValueKind.Object && fields.All(field => Covers(live, field.Key, field.Value)),
        JsonArray items => live.ValueKind == JsonValueKind.Array && live.GetArrayLength() == items.Count
            && items.Select((item, index) => Covers(live[index], item)).All(holds => holds),
        null => live.ValueKind == JsonValueKind.Null,
        _ => JsonElement.DeepEquals(live, JsonSerializer.SerializeToElement(desired)),
    };

    // An empty map and no map are one to the server.
    private static bool Covers(JsonElement live, string name, JsonNode? value) =>
        live.TryGetProperty(name, out var held) ? Covers(held, value) : value is JsonObject { Count: 0 } or JsonArray { Count: 0 } or null;
}
