using System.Text.RegularExpressions;

namespace TierOperator.Policy.Validation;

/// <summary>What can be told of an ASP.NET path template without ASP.NET.</summary>
internal static partial class PathTemplate
{
    /// <summary>What is wrong with it; null if nothing is.</summary>
    public static string? Fault(string template)
    {
        var segments = Segments(template);
        for (var index = 0; index < segments.Length; index++)
        {
            var segment = segments[index];
            if (segment.Length == 0 && index < segments.Length - 1) return "a segment is empty";
            if (segment.AsSpan().Count('{') != segment.AsSpan().Count('}')) return "the braces do not pair";
            if (segment.Contains("{*", StringComparison.Ordinal) && index < segments.Length - 1) return "a catch-all stands before the path's end";
            if (segment.Contains('{', StringComparison.Ordinal) && !Parameter().IsMatch(segment)) return "a parameter has no proper name";
        }

        var names = Names().Matches(template).Select(match => match.Groups[1].Value).ToList();
        return names.Distinct(StringComparer.OrdinalIgnoreCase).Count() == names.Count ? null : "a parameter stands twice";
    }

    /// <summary>True where it covers paths of the sidecar's own API alone.</summary>
    public static bool IsReserved(string template) => Segments(template)[0].ToLowerInvariant() is "v1" or "mcp";

    /// <summary>The template with its parameters' names taken out: two of one shape take the same requests.</summary>
    public static string Shape(string template) => Names().Replace(template, match => match.Value.Contains('*', StringComparison.Ordinal) ? "{**}" : "{}").ToLowerInvariant();

    /// <summary>True where the prefix is the front of the template, whole segments.</summary>
    public static bool StartsWith(string template, string prefix)
    {
        prefix = prefix.TrimEnd('/');
        return template.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && (template.Length == prefix.Length || template[prefix.Length] == '/');
    }

    private static string[] Segments(string template) => template.TrimStart('/').Split('/');

    [GeneratedRegex(@"^[^{}]*(\{\*{0,2}[A-Za-z_][A-Za-z0-9_]*(:[^{}]+)?\??\}[^{}]*)+$", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\{\*{0,2}([^{}:?]*)[^{}]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
