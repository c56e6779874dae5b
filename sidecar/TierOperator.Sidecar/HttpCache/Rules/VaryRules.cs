using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>
/// Which requests an answer with Vary fits. Values are compared in a normal form that keeps their meaning: lines joined,
/// white space around commas gone, but not within quotes; of Accept also that around semicolons, and of Accept-Language and
/// Accept-Encoding the case and the order that says nothing. Source: RFC 9111, 4.1.
/// </summary>
internal static class VaryRules
{
    /// <summary>An answer that varies by more is not stored.</summary>
    public const int MostFields = 20;

    /// <summary>True where no other request can be told to fit, or only by too many fields.</summary>
    public static bool ForbidsStoring(StringValues vary)
    {
        var count = 0;
        foreach (var line in vary)
        {
            var names = Split(line ?? "");
            if (names.Contains("*") || (count += names.Length) > MostFields) return true;
        }

        return false;
    }

    /// <summary>The field names, lower case, in order, each once: those of the answer and those of the route.</summary>
    public static string[] Fields(StringValues vary, IReadOnlyList<string> always)
    {
        if (vary.Count == 0 && always.Count == 0) return [];
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in vary)
            foreach (var name in Split(line ?? "")) names.Add(name.ToLowerInvariant());
        foreach (var name in always) names.Add(name.ToLowerInvariant());
        return [.. names];
    }

    /// <summary>The normal form of a request's field; null where it is absent, which no value is.</summary>
    public static string? Normalize(string field, StringValues value) => value.Count == 0 ? null : field switch
    {
        "accept-language" or "accept-encoding" => Ranked(value),
        "accept" when !IsQuoted(value) => string.Join(',', value.SelectMany(line => line!.Split(',')).Select(part => string.Join(';', part.Split(';', StringSplitOptions.TrimEntries)))),
        _ => Joined(value),
    };

    private static string Joined(StringValues value)
    {
        if (value.Count == 1 && !value[0]!.Contains(',', StringComparison.Ordinal)) return value[0]!;
        if (IsQuoted(value)) return string.Join(',', value.ToArray());
        return string.Join(',', value.SelectMany(line => line!.Split(',', StringSplitOptions.TrimEntries)));
    }

    // White space within quotes and comments is part of the value.
    private static bool IsQuoted(StringValues value)
    {
        foreach (var line in value)
            if (line.AsSpan().ContainsAny('"', '(')) return true;
        return false;
    }

    // Members of one weight have no order among them.
    private static string Ranked(StringValues value)
    {
        var members = value.SelectMany(line => Split(line!)).Select(Weighed).Where(member => member.Name.Length > 0);
        return string.Join(',', members.OrderByDescending(member => member.Weight).ThenBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => string.Create(CultureInfo.InvariantCulture, $"{member.Name};{member.Weight:0.###}")));
    }

    private static (string Name, double Weight) Weighed(string member)
    {
        var parts = member.Split(';', StringSplitOptions.TrimEntries);
        var weight = 1.0;
        foreach (var part in parts.Skip(1))
            if (part.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
                && double.TryParse(part.AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var read)) weight = read;
        return (parts[0].ToLowerInvariant(), weight);
    }

    private static string[] Split(string line) => line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
