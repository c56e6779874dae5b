using System.Globalization;
using System.Text.Json;

namespace TierOperator.Kubernetes.Objects;

/// <summary>
/// Reads fields of objects that others wrote: a field that is missing or of another type is absent, because one odd
/// object must not end the stream that brings all the others.
/// </summary>
public static class JsonFields
{
    public static JsonElement Object(JsonElement parent, string name) => Child(parent, name, JsonValueKind.Object);

    public static string? Text(JsonElement parent, string name)
    {
        var value = Child(parent, name, JsonValueKind.String);
        return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    public static long? Number(JsonElement parent, string name)
    {
        var value = Child(parent, name, JsonValueKind.Number);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
    }

    public static bool Flag(JsonElement parent, string name) => Child(parent, name, JsonValueKind.True).ValueKind == JsonValueKind.True;

    public static DateTimeOffset? Time(JsonElement parent, string name) =>
        DateTimeOffset.TryParse(Text(parent, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static IEnumerable<JsonElement> List(JsonElement parent, string name)
    {
        var value = Child(parent, name, JsonValueKind.Array);
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];
    }

    public static IReadOnlyList<string> TextList(JsonElement parent, string name) =>
        [.. List(parent, name).Where(entry => entry.ValueKind == JsonValueKind.String).Select(entry => entry.GetString()!)];

    /// <summary>Null when there are no entries.</summary>
    public static IReadOnlyDictionary<string, string>? TextMap(JsonElement parent, string name)
    {
        Dictionary<string, string>? entries = null;
        var value = Object(parent, name);
        if (value.ValueKind != JsonValueKind.Object) return null;
        foreach (var entry in value.EnumerateObject())
            if (entry.Value.ValueKind == JsonValueKind.String) (entries ??= [])[entry.Name] = entry.Value.GetString()!;
        return entries;
    }

    private static JsonElement Child(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : default;
}
