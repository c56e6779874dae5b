using System.Globalization;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// Where some of a command's keys stand and what is done to them, as COMMAND tells it: from an index or behind a keyword; up to a last one,
/// as many as a number among the arguments says, or in no way that can be told beforehand.
/// </summary>
internal sealed record KeySpecification
{
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>The first argument; with a keyword, where the search for it begins (negative: backwards from the end).</summary>
    public int Begin { get; init; }
    public string? Keyword { get; init; }

    /// <summary>The keys cannot be told by rule.</summary>
    public bool IsUnknown { get; init; }
    public bool IsCounted { get; init; }

    /// <summary>By range: last key (negative: from the end), step, and the divisor of what follows (0: none). Counted: where the number stands, where keys begin, step.</summary>
    public (int Last, int Step, int Limit) Find { get; init; }

    /// <summary>The key's old content plays no part.</summary>
    public bool Overwrites => Flags.Contains("OW");
    public bool Writes => !Flags.Contains("RO");

    public static KeySpecification Parse(string text)
    {
        var (at, colon) = (text.IndexOf('@', StringComparison.Ordinal), text.IndexOf(':', StringComparison.Ordinal));
        var (flags, begin, find) = (text[..at].Split('+'), text[(at + 1)..colon], text[(colon + 1)..]);
        if (begin == "?") return new KeySpecification { Flags = flags, IsUnknown = true };
        var slash = begin.IndexOf('/', StringComparison.Ordinal);
        var isCounted = find[0] == '#';
        var numbers = find.TrimStart('#').Split(',').Select(Number).ToArray();
        return new KeySpecification
        {
            Flags = flags,
            Keyword = slash < 0 ? null : begin[..slash],
            Begin = Number(begin[(slash + 1)..]),
            IsCounted = isCounted,
            Find = (numbers[0], numbers[1], numbers[2]),
        };
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
