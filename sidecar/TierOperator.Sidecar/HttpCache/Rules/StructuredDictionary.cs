using System.Globalization;
using System.Text;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>
/// A dictionary of structured fields (RFC 8941, 3.2) whose members are items. One error anywhere and the field is no
/// dictionary. Values: <see cref="long"/>, <see cref="decimal"/>, <see cref="bool"/>, or <see cref="string"/> for strings,
/// tokens, byte sequences and inner lists, of which nothing here needs more than that they parse.
/// </summary>
internal static class StructuredDictionary
{
    public static bool TryParse(string text, out Dictionary<string, object> members)
    {
        members = new Dictionary<string, object>(StringComparer.Ordinal);
        var at = 0;
        SkipSpaces(text, ref at);
        while (at < text.Length)
        {
            if (!TryKey(text, ref at, out var key)) return false;
            object value = true;
            if (at < text.Length && text[at] == '=')
            {
                at++;
                if (!TryItem(text, ref at, out value)) return false;
            }

            if (!TryParameters(text, ref at)) return false;
            members[key] = value;
            while (at < text.Length && text[at] is ' ' or '\t') at++;
            if (at == text.Length) return true;
            if (text[at++] != ',') return false;
            while (at < text.Length && text[at] is ' ' or '\t') at++;
            if (at == text.Length) return false;
        }

        return true;
    }

    private static void SkipSpaces(string text, ref int at)
    {
        while (at < text.Length && text[at] == ' ') at++;
    }

    private static bool TryKey(string text, ref int at, out string key)
    {
        var start = at;
        if (at < text.Length && (char.IsAsciiLetterLower(text[at]) || text[at] == '*'))
            while (at < text.Length && (char.IsAsciiLetterLower(text[at]) || char.IsAsciiDigit(text[at]) || text[at] is '_' or '-' or '.' or '*')) at++;
        key = text[start..at];
        return key.Length > 0;
    }

    private static bool TryParameters(string text, ref int at)
    {
        while (at < text.Length && text[at] == ';')
        {
            at++;
            SkipSpaces(text, ref at);
            if (!TryKey(text, ref at, out _)) return false;
            if (at >= text.Length || text[at] != '=') continue;
            at++;
            if (!TryItem(text, ref at, out _)) return false;
        }

        return true;
    }

    private static bool TryItem(string text, ref int at, out object value)
    {
        value = false;
        if (at >= text.Length) return false;
        return text[at] switch
        {
            '-' or (>= '0' and <= '9') => TryNumber(text, ref at, out value),
            '"' => TryString(text, ref at, out value),
            '?' => TryBoolean(text, ref at, out value),
            ':' => TryBytes(text, ref at, out value),
            '(' => TryInnerList(text, ref at, out value),
            var c when char.IsAsciiLetter(c) || c == '*' => TryToken(text, ref at, out value),
            _ => false,
        };
    }

    private static bool TryNumber(string text, ref int at, out object value)
    {
        var start = at;
        if (text[at] == '-') at++;
        var digits = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        value = 0L;
        if (at == digits || at - digits > 15) return false;
        if (at < text.Length && text[at] == '.')
        {
            var point = at++;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            value = 0m;
            return point - digits <= 12 && at - point is > 1 and <= 4;
        }

        value = long.Parse(text.AsSpan(start, at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return true;
    }

    private static bool TryString(string text, ref int at, out object value)
    {
        var read = new StringBuilder();
        value = "";
        for (at++; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '"')
            {
                at++;
                value = read.ToString();
                return true;
            }

            if (c is < ' ' or > '~') return false;
            if (c == '\\' && (++at >= text.Length || (c = text[at]) is not ('"' or '\\'))) return false;
            read.Append(c);
        }

        return false;
    }

    private static bool TryBoolean(string text, ref int at, out object value)
    {
        value = at + 1 < text.Length && text[at + 1] == '1';
        if (at + 1 >= text.Length || text[at + 1] is not ('0' or '1')) return false;
        at += 2;
        return true;
    }

    private static bool TryBytes(string text, ref int at, out object value)
    {
        var end = text.IndexOf(':', at + 1);
        value = "";
        if (end < 0) return false;
        var body = text.AsSpan(at + 1, end - at - 1);
        foreach (var c in body)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '/' or '=')) return false;
        at = end + 1;
        return true;
    }

    private static bool TryToken(string text, ref int at, out object value)
    {
        var start = at++;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || "!#$%&'*+-.^_`|~:/".Contains(text[at], StringComparison.Ordinal))) at++;
        value = text[start..at];
        return true;
    }

    private static bool TryInnerList(string text, ref int at, out object value)
    {
        value = "()";
        at++;
        while (at < text.Length)
        {
            SkipSpaces(text, ref at);
            if (at < text.Length && text[at] == ')')
            {
                at++;
                return true;
            }

            if (at >= text.Length || text[at] == '(' || !TryItem(text, ref at, out _) || !TryParameters(text, ref at)) return false;
            if (at < text.Length && text[at] is not (' ' or ')')) return false;
        }

        return false;
    }
}
