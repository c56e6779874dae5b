using System.Buffers.Text;

namespace TierOperator.Resp;

/// <summary>Integers as the protocol writes them.</summary>
public static class RespNumber
{
    /// <summary>The longest: a sign and 19 digits.</summary>
    public const int MaxDigits = 20;

    /// <summary>
    /// Reads the one canonical form and no other, as Redis' string2ll does: no plus, no blanks, no leading zeros, no <c>-0</c>.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.Length is 0 or > MaxDigits) return false;
        var digits = text[0] == (byte)'-' ? text[1..] : text;
        if (digits.Length == 0 || !char.IsAsciiDigit((char)digits[0])) return false;
        if (digits[0] == (byte)'0' && text.Length > 1) return false;
        return Utf8Parser.TryParse(text, out value, out var used) && used == text.Length;
    }

    /// <summary>Writes the canonical form into at least <see cref="MaxDigits"/> bytes; how many were written.</summary>
    public static int Format(long value, Span<byte> target)
    {
        Utf8Formatter.TryFormat(value, target, out var written);
        return written;
    }
}
