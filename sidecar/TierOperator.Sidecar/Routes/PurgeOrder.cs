using System.Text.Json;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.Routes;

/// <summary>What is to be purged, as a client wrote it.</summary>
internal sealed record PurgeOrder(RouteEntry? Route, string Mark, string? Key)
{
    private const int LongestText = 8 * 1024;
    private const string Forms = "Send {\"tag\": …}, {\"route\": …}, {\"route\": …, \"prefix\": \"/path\"} or {\"route\": …, \"key\": \"/path?query\"}.";

    /// <summary>A sentence where it is not well-formed. No order and no sentence: there is no such route.</summary>
    public static string? Read(ReadOnlyMemory<byte> json, RoutesState state, out PurgeOrder? order)
    {
        order = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, state, out order);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is half a character: the parser tells of it only when the text is read.
            return $"The body is no JSON. {Forms}";
        }
    }

    private static string? Read(JsonElement root, RoutesState state, out PurgeOrder? order)
    {
        order = null;
        if (root.ValueKind != JsonValueKind.Object) return Forms;
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name is not ("tag" or "route" or "prefix" or "key")) return $"\"{member.Name}\" is unknown. {Forms}";
            if (member.Value.ValueKind != JsonValueKind.String || member.Value.GetString() is not { Length: > 0 and <= LongestText } text) return $"\"{member.Name}\" is no text of 1 to {LongestText} characters. {Forms}";
            texts[member.Name] = text;
        }

        if (texts.Count == 1 && texts.TryGetValue("tag", out var tag))
        {
            order = new PurgeOrder(null, PurgeMarks.OfTag(tag), null);
            return null;
        }

        if (texts.ContainsKey("tag") || !texts.TryGetValue("route", out var name) || texts.Count > 2) return Forms;
        if (state.Current?.Find(name) is not { } route) return null;
        var key = texts.GetValueOrDefault("key");
        var prefix = texts.GetValueOrDefault("prefix");
        if ((key ?? prefix) is { } path && path[0] != '/') return $"A prefix or key starts with '/'. {Forms}";
        order = new PurgeOrder(route, prefix is null ? PurgeMarks.OfRoute(name) : PurgeMarks.OfPrefix(name, prefix), key);
        return null;
    }
}
