namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// Redis' glob: <c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[^a-z]</c>, <c>\</c> before a letter. Linear in the worst case but for nested
/// stars, whose work is bounded by going back to the last star only.
/// </summary>
internal static class GlobPattern
{
    public static bool IsMatch(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        int at = 0, seen = 0, star = -1, restart = 0;
        while (seen < text.Length)
        {
            if (at < pattern.Length && pattern[at] == (byte)'*')
            {
                star = at++;
                restart = seen;
                continue;
            }

            if (at < pattern.Length && TakesOne(pattern, at, text[seen], out var next))
            {
                at = next;
                seen++;
                continue;
            }

            if (star < 0) return false;
            at = star + 1;
            seen = ++restart;
        }

        while (at < pattern.Length && pattern[at] == (byte)'*') at++;
        return at >= pattern.Length;
    }

    private static bool TakesOne(ReadOnlySpan<byte> pattern, int at, byte one, out int next)
    {
        next = at + 1;
        switch (pattern[at])
        {
            case (byte)'?':
                return true;
            case (byte)'[':
                return TakesSet(pattern, at + 1, one, out next);
            case (byte)'\\' when at + 1 < pattern.Length:
                next = at + 2;
                return pattern[at + 1] == one;
            default:
                return pattern[at] == one;
        }
    }

    private static bool TakesSet(ReadOnlySpan<byte> pattern, int at, byte one, out int next)
    {
        var isNot = at < pattern.Length && pattern[at] == (byte)'^';
        if (isNot) at++;
        var isIn = false;
        for (; at < pattern.Length && pattern[at] != (byte)']'; at++)
        {
            if (pattern[at] == (byte)'\\' && at + 1 < pattern.Length)
            {
                isIn |= pattern[++at] == one;
            }
            else if (at + 2 < pattern.Length && pattern[at + 1] == (byte)'-')
            {
                var (low, high) = (Math.Min(pattern[at], pattern[at + 2]), Math.Max(pattern[at], pattern[at + 2]));
                isIn |= one >= low && one <= high;
                at += 2;
            }
            else
            {
                isIn |= pattern[at] == one;
            }
        }

        // A set that is not closed ends with the pattern, as in Redis.
        next = Math.Min(at + 1, pattern.Length);
        return isIn != isNot;
    }
}
