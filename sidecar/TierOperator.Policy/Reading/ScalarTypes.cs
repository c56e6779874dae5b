using System.Buffers;

namespace TierOperator.Policy.Reading;

/// <summary>The type of a plain scalar. Source: YAML 1.2.2, section 10.3.2 (core schema).</summary>
internal static class ScalarTypes
{
    private static readonly SearchValues<char> s_hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<char> s_decimal = SearchValues.Create("0123456789.eE+-");

    public static ScalarType Resolve(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarType.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarType.Boolean,
        _ => ResolveNumber(text),
    };

    /// <summary>Words that YAML 1.1, and so kubectl, takes for booleans while YAML 1.2 does not.</summary>
    public static bool IsOldBoolean(string text) => text.Length <= 3
        && text.ToLowerInvariant() is "on" or "off" or "yes" or "no" or "y" or "n";

    private static ScalarType ResolveNumber(ReadOnlySpan<char> text)
    {
        var digits = text[0] is '+' or '-' ? text[1..] : text;
        if (digits.IsEmpty) return ScalarType.Text;
        if (!digits.ContainsAnyExceptInRange('0', '9')) return ScalarType.Integer;
        if (digits.StartsWith("0x") && digits.Length > 2 && !digits[2..].ContainsAnyExcept(s_hexadecimal)) return ScalarType.Integer;
        if (digits is ".inf" or ".Inf" or ".INF" || text is ".nan" or ".NaN" or ".NAN") return ScalarType.Number;
        if (digits.ContainsAnyExcept(s_decimal) || !digits.ContainsAnyInRange('0', '9') || digits[0] is 'e' or 'E' or '+' or '-') return ScalarType.Text;
        return double.TryParse(text, out _) ? ScalarType.Number : ScalarType.Text;
    }
}
