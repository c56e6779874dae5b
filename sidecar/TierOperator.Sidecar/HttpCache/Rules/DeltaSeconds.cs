namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>Whole seconds as HTTP writes them. Source: RFC 9111, 1.2.2.</summary>
internal static class DeltaSeconds
{
    /// <summary>What a greater number counts as: the specification's 2^31.</summary>
    public const long Most = 2147483648;

    /// <summary>Digits only. A number past <see cref="Most"/>, of any length, is <see cref="Most"/>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        if (text.IsEmpty) return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c)) return false;
            seconds = Math.Min(Most, (seconds * 10) + (c - '0'));
        }

        return true;
    }
}
