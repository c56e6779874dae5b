using System.Globalization;
using Microsoft.Extensions.Primitives;
using TierOperator.Tiering;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http;

/// <summary>Versions as entity tags (RFC 9110, 8.8.3), and the two conditional headers.</summary>
internal static class EntityTag
{
    /// <summary>A version in quotes: one string, nothing else allocated.</summary>
    public static string Format(ItemVersion version) => string.Create(26, version, static (text, version) =>
    {
        text[0] = '"';
        version.Stamp.TryFormat(text[1..], out _, "x16", CultureInfo.InvariantCulture);
        version.Node.TryFormat(text[17..], out _, "x8", CultureInfo.InvariantCulture);
        text[25] = '"';
    });

    /// <summary>Whether If-None-Match names this version, so that a read is a 304. Weak comparison, as the RFC asks.</summary>
    public static bool Matches(StringValues ifNoneMatch, ItemVersion version)
    {
        foreach (var line in ifNoneMatch)
            foreach (var part in line.AsSpan().Split(','))
            {
                var tag = line.AsSpan()[part].Trim();
                if (tag is "*") return true;
                if (tag.StartsWith("W/", StringComparison.Ordinal)) tag = tag[2..];
                if (TryParse(tag, out var named) && named == version) return true;
            }
        return false;
    }

    /// <summary>Reads If-Match and If-None-Match of a write. False with the reason when they ask for what is not offered.</summary>
    public static bool TryReadCondition(StringValues ifMatch, StringValues ifNoneMatch, out Precondition condition, out string? fault)
    {
        (condition, fault) = (default, null);
        if (ifNoneMatch.Count > 0 && ifNoneMatch.ToString().Trim() != "*")
            fault = "On a write, If-None-Match takes only *: it creates the item only when there is none. To replace a known version send If-Match.";
        if (fault is not null || (ifMatch.Count == 0 && ifNoneMatch.Count == 0)) return fault is null;

        var any = ifMatch.ToString().Trim() == "*";
        condition = new Precondition
        {
            MustNotExist = ifNoneMatch.Count > 0,
            MustExist = any,
            AnyOf = ifMatch.Count == 0 || any ? null : Versions(ifMatch, ref fault),
        };
        return fault is null;
    }

    // A tag of another form is well-formed but can never match, so it only narrows the list: the answer is 412.
    private static List<ItemVersion> Versions(StringValues ifMatch, ref string? fault)
    {
        List<ItemVersion> versions = [];
        foreach (var tag in ifMatch.ToString().Split(',', StringSplitOptions.TrimEntries))
        {
            if (tag.Length < 2 || tag[^1] != '"' || !(tag[0] == '"' || tag.StartsWith("W/\"", StringComparison.Ordinal)))
                fault = "If-Match takes entity tags in double quotes, as an answer's ETag gave them, or *.";
            else if (TryParse(tag, out var version))
                versions.Add(version);
        }

        return versions;
    }

    private static bool TryParse(ReadOnlySpan<char> tag, out ItemVersion version)
    {
        version = default;
        return tag.Length == 26 && tag[0] == '"' && tag[25] == '"' && ItemVersion.TryParse(tag[1..25], out version);
    }
}
