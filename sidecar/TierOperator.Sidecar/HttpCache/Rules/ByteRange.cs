using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>A range of bytes, both ends included.</summary>
internal readonly record struct ByteRange(long First, long Last)
{
    public long Length => Last - First + 1;

    public string ContentRange(long total) => string.Create(CultureInfo.InvariantCulture, $"bytes {First}-{Last}/{total}");
}

/// <summary>What a Range field came to.</summary>
internal enum RangeKind
{
    /// <summary>None, another unit, several ranges or not well-formed: the whole is sent, as RFC 9110, 14.2 lets.</summary>
    Whole,
    One,

    /// <summary>Well-formed and past the end: 416.</summary>
    Unsatisfiable,
}

/// <summary>The Range field. Source: RFC 9110, 14.</summary>
internal static class RangeRules
{
    /// <summary>No body is so long, and the sum of two such numbers is still one.</summary>
    private const long Most = long.MaxValue / 2;

    public static RangeKind Read(StringValues range, long total, out ByteRange one)
    {
        one = default;
        if (range.Count != 1 || range[0] is not { } text || !text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase)) return RangeKind.Whole;
        var spec = text.AsSpan(6).Trim();
        var dash = spec.IndexOf('-');
        if (dash < 0 || spec.Contains(',')) return RangeKind.Whole;
        var left = spec[..dash].Trim();
        var right = spec[(dash + 1)..].Trim();
        long last = total - 1;
        if (left.IsEmpty)
        {
            if (!TryPosition(right, out var suffix)) return RangeKind.Whole;
            if (suffix == 0 || total == 0) return RangeKind.Unsatisfiable;
            one = new ByteRange(Math.Max(0, total - suffix), last);
            return RangeKind.One;
        }

        if (!TryPosition(left, out var first) || (!right.IsEmpty && !TryPosition(right, out last))) return RangeKind.Whole;
        if (!right.IsEmpty && IsLess(right, left)) return RangeKind.Whole;
        if (first >= total) return RangeKind.Unsatisfiable;
        one = new ByteRange(first, Math.Min(last, total - 1));
        return RangeKind.One;
    }

    /// <summary>A Content-Range with both its range and the length of the whole.</summary>
    public static bool TryReadContentRange(StringValues lines, out ByteRange range, out long total)
    {
        (range, total) = (default, 0);
        if (lines.Count != 1 || lines[0] is not { } text || !text.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase)) return false;
        var spec = text.AsSpan(6).Trim();
        var (dash, slash) = (spec.IndexOf('-'), spec.IndexOf('/'));
        if (dash < 0 || slash < dash) return false;
        if (!TryNumber(spec[..dash], out var first) || !TryNumber(spec[(dash + 1)..slash], out var last) || !TryNumber(spec[(slash + 1)..], out total)) return false;
        range = new ByteRange(first, last);
        return first <= last && last < total;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out long number) => TryPosition(text, out number) && number < Most;

    /// <summary>Digits only. A number of any length is well-formed: past every body they are all the same place.</summary>
    private static bool TryPosition(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9')) return false;
        foreach (var digit in text) number = number > Most / 10 ? Most : Math.Min(Most, (number * 10) + (digit - '0'));
        return true;
    }

    // Compared as they are written, because two that are past every number here may still be the wrong way round.
    private static bool IsLess(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        one = one.TrimStart('0');
        other = other.TrimStart('0');
        return one.Length != other.Length ? one.Length < other.Length : one.SequenceCompareTo(other) < 0;
    }
}
