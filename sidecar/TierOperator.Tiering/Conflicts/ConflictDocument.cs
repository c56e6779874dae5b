using System.Text.Json;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Conflicts;

/// <summary>
/// What stands in an item's place under <c>onConflict: Manual</c> until somebody decides: every version, oldest first. As an item
/// it moves, expires and is replicated like any other.
/// </summary>
public static class ConflictDocument
{
    /// <summary>How it is known. No listener takes it from a caller.</summary>
    public const string ContentType = "application/vnd.tieroperator.conflict+json";

    public static bool IsOne(string? contentType) => contentType is { Length: 42 } && contentType == ContentType;

    /// <summary>Both versions, or what they hold where they are such documents themselves.</summary>
    internal static byte[] Of(in ItemSnapshot older, in ItemSnapshot newer)
    {
        var versions = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var version in VersionsOf(older).Concat(VersionsOf(newer))) versions[version.GetProperty("version").GetString()!] = version;
        return JsonSerializer.SerializeToUtf8Bytes(new { versions = versions.Values });
    }

    /// <summary>Writes the member <c>versions</c> of a document into another.</summary>
    public static void WriteVersions(Utf8JsonWriter json, ReadOnlyMemory<byte> document)
    {
        ArgumentNullException.ThrowIfNull(json);
        using var parsed = JsonDocument.Parse(document);
        json.WritePropertyName("versions");
        parsed.RootElement.GetProperty("versions").WriteTo(json);
    }

    private static IEnumerable<JsonElement> VersionsOf(ItemSnapshot item)
    {
        if (!IsOne(item.ContentType)) return [ElementOf(item)];
        using var document = JsonDocument.Parse(item.Value.ToArray());
        return [.. document.RootElement.GetProperty("versions").EnumerateArray().Select(static version => version.Clone())];
    }

    private static JsonElement ElementOf(in ItemSnapshot item)
    {
        var bytes = item.Value.ToArray();
        var written = DateTimeOffset.FromUnixTimeMilliseconds(item.Version.Milliseconds);
        return MediaType.IsJson(item.ContentType) && TryParse(bytes) is { } value
            ? JsonSerializer.SerializeToElement(new { version = item.Version.ToString(), written, contentType = item.ContentType, value })
            : JsonSerializer.SerializeToElement(new { version = item.Version.ToString(), written, contentType = item.ContentType, base64 = bytes });
    }

    private static JsonElement? TryParse(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
