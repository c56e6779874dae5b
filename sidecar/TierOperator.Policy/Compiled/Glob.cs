using System.Text;

namespace TierOperator.Policy.Compiled;

/// <summary>A pattern over a byte string: <c>*</c> takes any run, <c>?</c> one byte, all else itself. Immutable.</summary>
public sealed class Glob
{
    private readonly byte[] _pattern;

    public Glob(string pattern) => (Text, _pattern) = (pattern, Encoding.UTF8.GetBytes(pattern));

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>True for <c>*</c>, which takes everything.</summary>
    public bool IsAny => _pattern is [(byte)'*'];

    /// <summary>Greedy with one point to go back to: linear in practice, never exponential. Allocates nothing.</summary>
    public bool IsMatch(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> pattern = _pattern;
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

    public override string ToString() => Text;
}
