namespace TierOperator.Policy.Values;

/// <summary>A count of pods, or a percentage of them (<c>25%</c>).</summary>
public readonly record struct CountOrPercent(int Number, bool IsPercent)
{
    /// <summary>The pattern of the written form, for schemas.</summary>
    public const string Pattern = "^([0-9]{1,9}|([0-9]|[1-9][0-9]|100)%)$";

    /// <summary>Reads <c>3</c> or <c>25%</c>; a percentage is at most 100.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out CountOrPercent value)
    {
        value = default;
        var percent = text is [.., '%'];
        var digits = percent ? text[..^1] : text;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9') || !int.TryParse(digits, out var number)) return false;
        if (percent && number > 100) return false;
        value = new CountOrPercent(number, percent);
        return true;
    }

    public override string ToString() => IsPercent ? $"{Number}%" : $"{Number}";
}
