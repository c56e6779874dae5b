using System.Globalization;
using System.Numerics;
using System.Text;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>
/// A number of INCRBYFLOAT as Redis computes it: a floating point number with 64 bits of mantissa (x87's long double), printed
/// with 17 decimals. Done in integers, so that the digits are Redis' on every processor.
/// </summary>
internal readonly record struct FloatNumber(BigInteger Mantissa, int Exponent, bool IsInfinite)
{
    private const int MantissaBits = 64, MostExponent = 16384, MostDigits = 5000, Decimals = 17;

    /// <summary>What strtold takes, but for hexadecimal and NaN.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out FloatNumber number)
    {
        number = default;
        if (text.Length is 0 or > 255) return false;
        var isNegative = text[0] == (byte)'-';
        var rest = text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        if (Ascii.EqualsIgnoreCase(rest, "inf"u8) || Ascii.EqualsIgnoreCase(rest, "infinity"u8))
        {
            number = new FloatNumber(isNegative ? -1 : 1, 0, IsInfinite: true);
            return true;
        }

        if (!TryDigits(rest, out var digits, out var power)) return false;
        if (digits.IsZero) return true;
        // Too large is refused here, as Redis refuses what strtold calls out of range; so is what is too small to be but zero.
        if (power > MostDigits || power < -MostDigits) return false;
        number = power >= 0
            ? Rounded(digits * BigInteger.Pow(10, power), 1, isNegative)
            : Rounded(digits, BigInteger.Pow(10, -power), isNegative);
        return !number.IsInfinite;
    }

    /// <summary>False when the sum is infinite or none.</summary>
    public bool TryAdd(FloatNumber other, out byte[] text)
    {
        text = [];
        if (IsInfinite || other.IsInfinite) return false;
        var exponent = Math.Min(Exponent, other.Exponent);
        var exact = (Mantissa << (Exponent - exponent)) + (other.Mantissa << (other.Exponent - exponent));
        var size = BigInteger.Abs(exact);
        var sum = exponent >= 0 ? Rounded(size << exponent, 1, exact.Sign < 0) : Rounded(size, BigInteger.One << -exponent, exact.Sign < 0);
        if (sum.IsInfinite) return false;
        text = Encoding.ASCII.GetBytes(sum.ToString());
        return true;
    }

    public override string ToString()
    {
        var scaled = BigInteger.Abs(Mantissa) * BigInteger.Pow(10, Decimals);
        var whole = Exponent >= 0 ? scaled << Exponent : Quotient(scaled, BigInteger.One << -Exponent);
        var digits = whole.ToString(CultureInfo.InvariantCulture).PadLeft(Decimals + 1, '0');
        var text = $"{digits[..^Decimals]}.{digits[^Decimals..]}".TrimEnd('0').TrimEnd('.');
        return Mantissa.Sign < 0 && text != "0" ? "-" + text : text;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out BigInteger digits, out int power)
    {
        (digits, power) = (0, 0);
        var (count, isBehindPoint, at) = (0, false, 0);
        for (; at < text.Length && (char.IsAsciiDigit((char)text[at]) || (text[at] == (byte)'.' && !isBehindPoint)); at++)
        {
            if (text[at] == (byte)'.')
            {
                isBehindPoint = true;
                continue;
            }

            digits = (digits * 10) + (text[at] - (byte)'0');
            count++;
            if (isBehindPoint) power--;
        }

        if (count == 0) return false;
        if (at == text.Length) return true;
        if (text[at] is not ((byte)'e' or (byte)'E')) return false;
        if (!int.TryParse(text[(at + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)) return false;
        power = (int)Math.Clamp((long)power + exponent, -2 * MostDigits, 2 * MostDigits);
        return true;
    }

    // The nearest number with 64 bits of mantissa; ties go to the even one.
    private static FloatNumber Rounded(BigInteger numerator, BigInteger denominator, bool isNegative)
    {
        if (numerator.IsZero) return default;
        var exponent = (int)(numerator.GetBitLength() - denominator.GetBitLength()) - MantissaBits;
        var mantissa = Scaled(numerator, denominator, exponent);
        if (mantissa.GetBitLength() > MantissaBits) mantissa = Scaled(numerator, denominator, ++exponent);
        return new FloatNumber(isNegative ? -mantissa : mantissa, exponent, exponent + MantissaBits > MostExponent);
    }

    private static BigInteger Scaled(BigInteger numerator, BigInteger denominator, int exponent)
        => exponent >= 0 ? Quotient(numerator, denominator << exponent) : Quotient(numerator << -exponent, denominator);

    private static BigInteger Quotient(BigInteger numerator, BigInteger denominator)
    {
        var quotient = BigInteger.DivRem(numerator, denominator, out var left);
        var twice = (left << 1).CompareTo(denominator);
        return twice > 0 || (twice == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
