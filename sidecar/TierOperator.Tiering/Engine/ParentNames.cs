using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// The session that another is deleted with, by its rule's template: <c>{1}</c> is what the first star of the session glob took, as little
/// as it can. Ids are taken byte for byte.
/// </summary>
/// <remarks>Thread-safe. Patterns are made once for each glob.</remarks>
internal static class ParentNames
{
    private static readonly ConcurrentDictionary<string, Regex> s_patterns = new(StringComparer.Ordinal);

    /// <summary>Null where the rule has no parent, or its globs do not take the id.</summary>
    public static byte[]? Of(CompiledRule rule, ReadOnlySpan<byte> session)
    {
        if (rule.Parent is not { } template) return null;
        var id = Encoding.Latin1.GetString(session);
        foreach (var glob in rule.SessionGlobs)
        {
            if (s_patterns.GetOrAdd(glob, PatternOf).Match(id) is { Success: true } match) return Filled(template, match);
        }

        return null;
    }

    private static Regex PatternOf(string glob)
    {
        // The glob's own text as bytes, one character each, so that it meets ids of any bytes.
        var bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(glob));
        var pattern = Regex.Escape(bytes).Replace("\\*", "(.*?)", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal);
        return new Regex($"^{pattern}$", RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }

    private static byte[] Filled(string template, Match match)
    {
        var name = new StringBuilder();
        var plain = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(template));
        for (var at = 0; at < plain.Length; at++)
        {
            var end = plain[at] == '{' ? plain.IndexOf('}', at) : -1;
            if (end < 0)
            {
                name.Append(plain[at]);
                continue;
            }

            name.Append(match.Groups[int.Parse(plain.AsSpan(at + 1, end - at - 1), System.Globalization.CultureInfo.InvariantCulture)].ValueSpan);
            at = end;
        }

        return Encoding.Latin1.GetBytes(name.ToString());
    }
}
