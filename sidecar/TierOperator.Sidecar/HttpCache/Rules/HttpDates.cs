using System.Globalization;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>
/// Dates of header fields, in Unix milliseconds: the three forms of RFC 9110, 5.6.7, and no other, but in any letter
/// case. A list of two dates, another zone or a missing comma is no date.
/// </summary>
internal static class HttpDates
{
    private const DateTimeStyles Style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
    private static readonly CultureInfo s_culture = CultureInfo.InvariantCulture;

    private static readonly string[] s_days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    public static bool TryParse(string? text, long nowMs, out long unixMs)
    {
        unixMs = 0;
        if (text is null || text.Length is < 24 or > 33) return false;
        if (!TryFixed(text, out var date) && !TryAsc(text, out date) && !TryRfc850(text, nowMs, out date)) return false;
        unixMs = date.ToUnixTimeMilliseconds();
        return true;
    }

    /// <summary>The fixed form in which dates are sent.</summary>
    public static string Format(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("R", s_culture);

    private static bool TryFixed(string text, out DateTimeOffset date)
    {
        date = default;
        return IsDay(text.AsSpan(0, 3), 3) && text[3] == ',' && text.EndsWith("GMT", StringComparison.OrdinalIgnoreCase)
            && DateTimeOffset.TryParseExact(text.AsSpan(4, text.Length - 7), " dd MMM yyyy HH:mm:ss ", s_culture, Style, out date);
    }

    private static bool TryAsc(string text, out DateTimeOffset date)
    {
        date = default;
        return IsDay(text.AsSpan(0, 3), 3) && DateTimeOffset.TryParseExact(text[3..], [" MMM dd HH:mm:ss yyyy", " MMM  d HH:mm:ss yyyy"], s_culture, Style, out date);
    }

    // That the name is the day of that date nobody checks: it says nothing that the date does not.
    private static bool IsDay(ReadOnlySpan<char> name, int letters)
    {
        foreach (var day in s_days)
            if (name.Equals(letters == 0 ? day : day.AsSpan(0, letters), StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // Two digits of a year that lies more than 50 years ahead mean the century before.
    private static bool TryRfc850(string text, long nowMs, out DateTimeOffset date)
    {
        date = default;
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        if (comma < 6 || !IsDay(text.AsSpan(0, comma), 0) || !text.EndsWith(" GMT", StringComparison.OrdinalIgnoreCase)) return false;
        if (!DateTimeOffset.TryParseExact(text[(comma + 1)..^4], " dd-MMM-yy HH:mm:ss", s_culture, Style, out date)) return false;
        var thisYear = DateTimeOffset.FromUnixTimeMilliseconds(nowMs).Year;
        var year = (thisYear / 100 * 100) + (date.Year % 100);
        if (year > thisYear + 50) year -= 100;
        if (date is { Month: 2, Day: 29 } && !DateTime.IsLeapYear(year)) return false;
        date = new DateTimeOffset(year, date.Month, date.Day, date.Hour, date.Minute, date.Second, TimeSpan.Zero);
        return true;
    }
}
