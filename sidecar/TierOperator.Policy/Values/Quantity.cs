using System.Buffers;
using System.Numerics;

namespace TierOperator.Policy.Values;

/// <summary>
/// A size as a Kubernetes quantity: <c>256Mi</c>, <c>1.5G</c>, <c>1e6</c>, plain bytes. Whole bytes only: a quantity
/// that is not one (<c>100m</c> is a tenth of a byte) is malformed. Source: apimachinery's resource.Quantity.
/// </summary>
public readonly record struct Quantity(long Bytes) : IComparable<Quantity>
{
    /// <summary>The pattern of the written form, for schemas. Fractions of a byte are found only by the reader.</summary>
    public const string Pattern = "^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$";

    /// <summary>More characters than this are nothing that a person meant, leading zeros or not.</summary>
    public const int MostCharacters = 64;

    /// <summary>More digits than this is nothing that a person meant, and bounds the arithmetic.</summary>
    private const int MostDigits = 40;

    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");

    /// <summary>Reads a size. Never throws; overflow is told apart from a wrong form.</summary>
    public static ParseOutcome TryParse(ReadOnlySpan<char> text, out Quantity quantity)
    {
        quantity = default;
        if (text.Length > MostCharacters) return ParseOutcome.Malformed;
        var length = text.IndexOfAnyExcept(s_number);
        var number = length < 0 ? text : text[..length];
        if (!TryReadNumber(number, out var mantissa, out var decimals, out var outcome)) return outcome;
        if (!TryReadSuffix(length < 0 ? [] : text[length..], out var factor, out var exponent)) return ParseOutcome.Malformed;
        exponent -= decimals;
        if (mantissa.IsZero) return ParseOutcome.Ok;
        if (exponent > MostDigits) return ParseOutcome.Overflow;
        if (exponent < -2 * MostDigits) return ParseOutcome.Malformed;
        mantissa *= factor;
        if (exponent >= 0) mantissa *= BigInteger.Pow(10, exponent);
        else
        {
            mantissa = BigInteger.DivRem(mantissa, BigInteger.Pow(10, -exponent), out var rest);
            if (!rest.IsZero) return ParseOutcome.Malformed;
        }

        if (mantissa > long.MaxValue) return ParseOutcome.Overflow;
        quantity = new Quantity((long)mantissa);
        return ParseOutcome.Ok;
    }

    /// <summary>Reads a size that is known to be good, such as a default of the model.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static Quantity Parse(string text) =>
        TryParse(text, out var quantity) == ParseOutcome.Ok ? quantity : throw new FormatException($"'{text}' is not a size");

    public int CompareTo(Quantity other) => Bytes.CompareTo(other.Bytes);

    public static bool operator <(Quantity left, Quantity right) => left.Bytes < right.Bytes;

    public static bool operator >(Quantity left, Quantity right) => left.Bytes > right.Bytes;

    public static bool operator <=(Quantity left, Quantity right) => left.Bytes <= right.Bytes;

    public static bool operator >=(Quantity left, Quantity right) => left.Bytes >= right.Bytes;

    /// <summary>The canonical form: the largest binary unit that leaves a whole number.</summary>
    public override string ToString()
    {
        if (Bytes == 0) return "0";
        var units = Math.Min(BitOperations.TrailingZeroCount(Bytes) / 10, 6);
        return units == 0 ? $"{Bytes}" : $"{Bytes >> (10 * units)}{"KMGTPE"[units - 1]}i";
    }

    private static bool TryReadNumber(ReadOnlySpan<char> text, out BigInteger mantissa, out int decimals, out ParseOutcome outcome)
    {
        (mantissa, decimals, outcome) = (default, 0, ParseOutcome.Malformed);
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? [] : text[(point + 1)..];
        if ((whole.IsEmpty && fraction.IsEmpty) || fraction.Contains('.')) return false;
        fraction = fraction.TrimEnd('0');
        whole = whole.TrimStart('0');
        if (whole.Length + fraction.Length > MostDigits)
        {
            if (whole.Length > MostDigits) outcome = ParseOutcome.Overflow;
            return false;
        }

        decimals = fraction.Length;
        foreach (var digit in whole) mantissa = mantissa * 10 + (digit - '0');
        foreach (var digit in fraction) mantissa = mantissa * 10 + (digit - '0');
        return true;
    }

    private static bool TryReadSuffix(ReadOnlySpan<char> suffix, out BigInteger factor, out int exponent)
    {
        (factor, exponent) = (BigInteger.One, 0);
        if (suffix.IsEmpty) return true;
        if (suffix is [var prefix, 'i'] && "KMGTPE".IndexOf(prefix, StringComparison.Ordinal) is >= 0 and var binary)
        {
            factor = BigInteger.One << (10 * (binary + 1));
            return true;
        }

        if (suffix.Length == 1 && "kMGTPE".IndexOf(suffix[0], StringComparison.Ordinal) is >= 0 and var thousands)
        {
            exponent = 3 * (thousands + 1);
            return true;
        }

        if (suffix[0] is not ('e' or 'E') || suffix.Length is < 2 or > 5) return false;
        var digits = suffix[1] is '+' or '-' ? suffix[2..] : suffix[1..];
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9')) return false;
        exponent = int.Parse(digits) * (suffix[1] == '-' ? -1 : 1);
        return true;
    }
}
