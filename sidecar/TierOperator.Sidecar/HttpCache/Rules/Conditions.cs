using Microsoft.Extensions.Primitives;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>Conditional requests against a stored response. Source: RFC 9110, 13; RFC 9111, 4.3.2.</summary>
internal static class Conditions
{
    /// <summary>True where the client has what is stored: the answer is 304.</summary>
    public static bool IsNotModified(IHeaderDictionary asked, string? tag, string? lastModified, string? date, long nowMs)
    {
        if (asked.IfNoneMatch.Count > 0) return MatchesAny(asked.IfNoneMatch, tag);
        if (asked.IfModifiedSince.Count != 1 || !HttpDates.TryParse(asked.IfModifiedSince[0], nowMs, out var since)) return false;
        // Without a date of change it cannot be newer than its own date.
        return HttpDates.TryParse(lastModified ?? date, nowMs, out var changed) && changed <= since;
    }

    /// <summary>Conditions that only the origin can decide.</summary>
    public static bool NeedsOrigin(IHeaderDictionary asked) => asked.IfMatch.Count > 0 || asked.IfUnmodifiedSince.Count > 0;

    /// <summary>True where a range may be taken of what is stored: no If-Range, or one that holds strongly.</summary>
    /// <remarks>A date holds strongly where the response was made at least a second after that change. Source: RFC 9110, 8.8.2.2 and 13.1.5.</remarks>
    public static bool AllowsRange(StringValues ifRange, StoredResponse stored, long nowMs)
    {
        if (ifRange.Count == 0) return true;
        if (ifRange.Count > 1) return false;
        var value = ifRange[0]!.Trim();
        if (value.StartsWith('"')) return IsStrong(stored.ETag) && value == stored.ETag;
        return HttpDates.TryParse(value, nowMs, out var wanted) && HttpDates.TryParse(stored.LastModified, nowMs, out var changed) && wanted == changed
            && HttpDates.TryParse(stored.Field("Date"), nowMs, out var made) && made >= changed + 1000;
    }

    public static bool IsStrong(string? tag) => tag is not null && tag.StartsWith('"');

    /// <summary>The weak comparison: <c>W/</c> in front counts for nothing.</summary>
    public static bool IsSame(string tag, string other) => Opaque(tag).SequenceEqual(Opaque(other));

    private static bool MatchesAny(StringValues lines, string? tag)
    {
        foreach (var line in lines)
            if (MatchesAny(line.AsSpan(), tag)) return true;
        return false;
    }

    private static bool MatchesAny(ReadOnlySpan<char> line, string? tag)
    {
        if (line.Trim() is "*") return true;
        if (tag is null) return false;
        var wanted = Opaque(tag);
        while (!line.IsEmpty)
        {
            line = line.TrimStart(" \t,");
            var end = EndOfTag(line);
            if (end > 0 && Opaque(line[..end]).SequenceEqual(wanted)) return true;
            line = line[end..];
            if (end == 0) break;
        }

        return false;
    }

    private static int EndOfTag(ReadOnlySpan<char> line)
    {
        var open = line.IndexOf('"');
        var comma = line.IndexOf(',');
        if (open < 0 || (comma >= 0 && comma < open)) return comma < 0 ? line.TrimEnd().Length : comma;
        var close = line[(open + 1)..].IndexOf('"');
        return close < 0 ? line.Length : open + close + 2;
    }

    private static ReadOnlySpan<char> Opaque(ReadOnlySpan<char> tag)
    {
        tag = tag.Trim();
        return tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;
    }
}
