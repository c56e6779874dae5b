using System.Text;

namespace TierOperator.Policy.Values;

/// <summary>
/// A span of time as policies write it: whole numbers with <c>ms s m h d w y</c>, joined at will (<c>1h30m</c>), no
/// fractions, <c>0s</c> for zero. A week is 7 days, a year 365.
/// </summary>
public readonly record struct Duration(TimeSpan Value) : IComparable<Duration>
{
    /// <summary>The pattern of the written form, for schemas.</summary>
    public const string Pattern = "^([0-9]+(ms|s|m|h|d|w|y))+$";

    /// <summary>More characters than this are nothing that a person meant, and bound what reading costs.</summary>
    public const int MostCharacters = 32;

    /// <summary>Beyond this no deadline could be added to a date: the longest that any policy may say.</summary>
    public static Duration Longest { get; } = new(TimeSpan.FromDays(365_000));

    /// <summary>In whole milliseconds: TimeSpan's own TotalMilliseconds is a double, and wrong in the last place of long spans.</summary>
    public long Milliseconds => Value.Ticks / TimeSpan.TicksPerMillisecond;

    private static readonly (string Unit, long Milliseconds)[] s_canonical =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

    /// <summary>Reads a duration. Never throws; overflow is told apart from a wrong form.</summary>
    public static ParseOutcome TryParse(ReadOnlySpan<char> text, out Duration duration)
    {
        duration = default;
        if (text.IsEmpty || text.Length > MostCharacters) return ParseOutcome.Malformed;
        long total = 0;
        var overflow = false;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0) return ParseOutcome.Malformed;
            var unit = UnitOf(text[digits..], out var length);
            if (unit == 0) return ParseOutcome.Malformed;
            if (!TryAdd(ref total, text[..digits], unit)) overflow = true;
            text = text[(digits + length)..];
        }

        if (overflow || total > Longest.Milliseconds) return ParseOutcome.Overflow;
        duration = new Duration(TimeSpan.FromMilliseconds(total));
        return ParseOutcome.Ok;
    }

    /// <summary>Reads a duration that is known to be good, such as a default of the model.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static Duration Parse(string text) =>
        TryParse(text, out var duration) == ParseOutcome.Ok ? duration : throw new FormatException($"'{text}' is not a duration");

    public int CompareTo(Duration other) => Value.CompareTo(other.Value);

    public static bool operator <(Duration left, Duration right) => left.Value < right.Value;

    public static bool operator >(Duration left, Duration right) => left.Value > right.Value;

    public static bool operator <=(Duration left, Duration right) => left.Value <= right.Value;

    public static bool operator >=(Duration left, Duration right) => left.Value >= right.Value;

    /// <summary>The canonical form: the same span always gives the same text.</summary>
    public override string ToString()
    {
        var rest = Milliseconds;
        if (rest == 0) return "0s";
        var text = new StringBuilder();
        foreach (var (unit, milliseconds) in s_canonical)
        {
            if (rest >= milliseconds) text.Append(rest / milliseconds).Append(unit);
            rest %= milliseconds;
        }

        return text.ToString();
    }

    private static bool TryAdd(ref long total, ReadOnlySpan<char> digits, long unit)
    {
        if (!long.TryParse(digits, out var count)) return false;
        var sum = total + (Int128)count * unit;
        if (sum > long.MaxValue) return false;
        total = (long)sum;
        return true;
    }

    private static long UnitOf(ReadOnlySpan<char> text, out int length)
    {
        length = text.StartsWith("ms") ? 2 : 1;
        return text switch
        {
            ['m', 's', ..] => 1,
            ['s', ..] => 1000,
            ['m', ..] => 60_000,
            ['h', ..] => 3_600_000,
            ['d', ..] => 86_400_000,
            ['w', ..] => 7 * 86_400_000L,
            ['y', ..] => 365 * 86_400_000L,
            _ => 0,
        };
    }
}
