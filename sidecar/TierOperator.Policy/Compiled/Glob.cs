using System.Text;

namespace TierOperator.Policy.Compiled;

/// <summary>
/// A pattern over a byte string: <c>*</c> takes any run, <c>?</c> one byte, all else itself. Immutable. Most patterns
/// of policies are a literal, or a literal and a star (<c>chat:*</c>): those cost one comparison of spans.
/// </summary>
public sealed class Glob
{
    private readonly byte[] _prefix;
    private readonly byte[] _rest;

    public Glob(string pattern)
    {
        Text = pattern;
        var bytes = Encoding.UTF8.GetBytes(pattern);
        var literal = bytes.AsSpan().IndexOfAny((byte)'*', (byte)'?');
        if (literal < 0) literal = bytes.Length;
        (_prefix, _rest) = (bytes[..literal], bytes[literal..]);
    }

    private Glob(string text, byte[] prefix) => (Text, _prefix, _rest) = (text, prefix, [(byte)'*']);

    /// <summary>Takes all that starts with these bytes, which need not be text.</summary>
    internal static Glob StartingWith(string shown, byte[] prefix) => new(shown, prefix);

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>True for <c>*</c>, which takes everything.</summary>
    public bool IsAny => _prefix.Length == 0 && _rest is [(byte)'*'];

    /// <summary>The bytes before the first wildcard: what a listing can be narrowed by.</summary>
    public ReadOnlySpan<byte> LiteralPrefix => _prefix;

    /// <summary>True when the pattern takes the whole text. Allocates nothing.</summary>
    public bool IsMatch(ReadOnlySpan<byte> text) =>
        text.StartsWith(_prefix) && _rest switch
        {
            [] => text.Length == _prefix.Length,
            [(byte)'*'] => true,
            _ => IsRestMatch(text[_prefix.Length..]),
        };

    public override string ToString() => Text;

    /// <summary>Greedy with one point to go back to: at worst the product of both lengths, never exponential.</summary>
    private bool IsRestMatch(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> pattern = _rest;
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
                (star, mark, p) = (p, t, p + 1);
            else if (p < pattern.Length && (pattern[p] == (byte)'?' || pattern[p] == text[t]))
                (p, t) = (p + 1, t + 1);
            else if (star >= 0)
                (p, t) = (star + 1, ++mark);
            else
                return false;
        }

        while (p < pattern.Length && pattern[p] == (byte)'*') p++;
        return p == pattern.Length;
    }
}
