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

    // With the document around it, it is still within what readers of JSON take by default.
    private static readonly JsonDocumentOptions s_shallow = new() { MaxDepth = 56 };

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
        var (version, written) = (item.Version.ToString(), DateTimeOffset.FromUnixTimeMilliseconds(item.Version.Milliseconds));
        var bytes = item.Value.ToArray();
        if (MediaType.IsJson(item.ContentType))
        {
            try
            {
                using var value = JsonDocument.Parse(bytes, s_shallow);
                return JsonSerializer.SerializeToElement(new { version, written, contentType = item.ContentType, value = value.RootElement });
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                // Not JSON, too deep to stand in a document, or half a surrogate pair: its bytes tell all.
            }
        }

        return JsonSerializer.SerializeToElement(new { version, written, contentType = item.ContentType, base64 = bytes });
    }
}
