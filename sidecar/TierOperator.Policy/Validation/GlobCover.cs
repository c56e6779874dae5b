using System.Text;
using TierOperator.Policy.Compiled;

namespace TierOperator.Policy.Validation;

/// <summary>
/// Whether one list of globs takes all that another can. Sound, not complete: true is certain, false may be a cover
/// that takes several globs together to see. Comparing all rules with all is quadratic: past its budget the answer is
/// false, so that a policy of thousands of globs loads as fast as any.
/// </summary>
internal sealed class GlobCover
{
    private int _budget = 100_000;

    /// <summary>No list means everything.</summary>
    public bool Covers(IReadOnlyList<string>? wide, IReadOnlyList<string>? narrow) =>
        wide is null || (_budget > 0 && CoversAll(wide, narrow));

    private bool CoversAll(IReadOnlyList<string> wide, IReadOnlyList<string>? narrow) =>
        wide.Contains("*") || (narrow is not null && narrow.All(pattern => wide.Any(by => Covers(by, pattern))));

    /// <summary>
    /// The narrow pattern is matched as if it were a text, its wildcards being symbols that no text holds: only a star of
    /// the wide pattern can take them. A question mark of the wide pattern could take a symbol that stands for a whole
    /// run, so such a pattern covers only what has no wildcard.
    /// </summary>
    private bool Covers(string wide, string narrow)
    {
        if (wide == narrow) return true;
        if (--_budget < 0) return false;
        if (wide.Contains('?', StringComparison.Ordinal) && narrow.AsSpan().IndexOfAny('*', '?') >= 0) return false;
        var text = Encoding.UTF8.GetBytes(narrow);
        for (var index = 0; index < text.Length; index++)
            if (text[index] is (byte)'*' or (byte)'?') text[index] = 0xFF;
        return new Glob(wide).IsMatch(text);
    }
}
