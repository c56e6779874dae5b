using System.Text;
using System.Text.Json;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres.Search;

/// <summary>
/// What of an item can be found: the strings, numbers and booleans of a JSON item, or a text item as it is, without what the
/// rule masks. A word is a run of letters and digits, in lower case, the same here, in the database and in highlights.
/// </summary>
internal static class SearchText
{
    /// <summary>The server's word list may have 1 MiB; this many characters stay below in any script.</summary>
    public const int MaxChars = 128 * 1024;

    /// <summary>Longer ones are numbers of machines, which nobody types.</summary>
    public const int MaxWordChars = 200;

    /// <summary>The item's words separated by spaces; null where it has none to be found by.</summary>
    public static string? WordsOf(ReadOnlySpan<byte> item, string contentType, ItemValue value, IReadOnlyList<string> masked)
    {
        var text = TextOf(item, contentType, value, masked);
        if (text is null) return null;
        var words = new StringBuilder();
        foreach (var word in Words(text))
        {
            if (words.Length + word.Length >= MaxChars) break;
            if (words.Length > 0) words.Append(' ');
            words.Append(text[word.Start..word.End].ToLowerInvariant());
        }

        return words.Length == 0 ? null : words.ToString();
    }

    /// <summary>The item's text for people, masked; null where it is neither JSON nor text.</summary>
    public static string? TextOf(ReadOnlySpan<byte> item, string contentType, ItemValue value, IReadOnlyList<string> masked)
    {
        if (value.Length > QueryableJson.MaxBytes) return null;
        var name = Encoding.UTF8.GetString(item);
        if (masked.Contains(name, StringComparer.Ordinal)) return null;
        if (MediaType.IsJson(contentType)) return OfJson(name, value.ToArray(), masked);
        return contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) ? Encoding.UTF8.GetString(value.ToArray()) : null;
    }

    /// <summary>Where the words of a text are.</summary>
    public static IEnumerable<WordSpan> Words(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (!char.IsLetterOrDigit(text[at]))
            {
                at++;
                continue;
            }

            var start = at;
            while (at < text.Length && char.IsLetterOrDigit(text[at])) at++;
            if (at - start <= MaxWordChars) yield return new WordSpan(start, at);
        }
    }

    private static string? OfJson(string name, byte[] json, IReadOnlyList<string> masked)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var text = new StringBuilder();
            Collect(document.RootElement, name, masked, text);
            return text.ToString();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // says it is JSON and is not, or has half a surrogate pair: nothing to be found by
        }
    }

    // Elements of an array have their array's path, so that a mask hides them all.
    private static void Collect(JsonElement element, string path, IReadOnlyList<string> masked, StringBuilder text)
    {
        if (text.Length >= MaxChars || masked.Contains(path, StringComparer.Ordinal)) return;
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject()) Collect(member.Value, $"{path}.{member.Name}", masked, text);
                break;
            case JsonValueKind.Array:
                foreach (var entry in element.EnumerateArray()) Collect(entry, path, masked, text);
                break;
            case JsonValueKind.String:
                Append(text, element.GetString()!);
                break;
            case JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                Append(text, element.GetRawText());
                break;
        }
    }

    private static void Append(StringBuilder text, string part)
    {
        if (text.Length > 0) text.Append(" · "); // a break between members, so that highlights do not run them together
        text.Append(part);
    }
}

/// <summary>A word's place in a text: from <see cref="Start"/> up to <see cref="End"/>.</summary>
internal readonly record struct WordSpan(int Start, int End)
{
    public int Length => End - Start;
}
