using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>LCS: the longest common subsequence of two strings, by the classic table.</summary>
internal static class LongestCommonSubsequence
{
    /// <summary>The table may take so many cells: it is built while the keys are held still.</summary>
    private const long MostCells = 64L * 1024 * 1024;

    public static IReadOnlyList<Command> Commands { get; } = [Command.Read("lcs", -3, KeyPlaces.Two, Run)];

    private readonly record struct Options(bool Indexes, bool OnlyLength, bool WithMatchLength, long LeastMatch);

    private static void Run(KeyCall call)
    {
        var (left, right) = (call.Session(1), call.Session(2));
        if ((left.Exists && left.Kind != KeyCall.StringKind) || (right.Exists && right.Kind != KeyCall.StringKind))
        {
            call.Fail("ERR The specified keys must contain string values");
            return;
        }

        if (!TryRead(call, out var options)) return;
        KeyCall.TryString(left, out var a);
        KeyCall.TryString(right, out var b);
        if ((a.Length + 1L) * (b.Length + 1L) > MostCells)
        {
            call.Fail("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
            return;
        }

        Write(call, a, b, options);
    }

    private static bool TryRead(KeyCall call, out Options options)
    {
        options = default;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Arguments.Is(i, "idx"u8)) options = options with { Indexes = true };
            else if (call.Arguments.Is(i, "len"u8)) options = options with { OnlyLength = true };
            else if (call.Arguments.Is(i, "withmatchlen"u8)) options = options with { WithMatchLength = true };
            else if (call.Arguments.Is(i, "minmatchlen"u8) && i + 1 < call.Count)
            {
                if (!call.Arguments.TryInteger(++i, out var least))
                {
                    call.Fail(Errors.NotInteger);
                    return false;
                }

                options = options with { LeastMatch = Math.Max(0, least) };
            }
            else
            {
                call.Fail(Errors.Syntax);
                return false;
            }
        }

        if (!options.Indexes || !options.OnlyLength) return true;
        call.Fail("ERR If you want both the length and indexes, please just use IDX.");
        return false;
    }

    private static void Write(KeyCall call, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Options options)
    {
        var table = TableOf(a, b);
        var width = b.Length + 1;
        var length = table[^1];
        if (options.OnlyLength)
        {
            call.Reply.Integer(length);
            return;
        }

        var (text, matches) = Trace(a, b, table, width, options.LeastMatch);
        if (!options.Indexes)
        {
            call.Reply.Bulk(text);
            return;
        }

        call.Reply.Map(2);
        call.Reply.Bulk("matches"u8);
        call.Reply.Array(matches.Count);
        foreach (var match in matches) WriteMatch(call, match, options.WithMatchLength);
        call.Reply.Bulk("len"u8);
        call.Reply.Integer(length);
    }

    private readonly record struct Match(int AStart, int AEnd, int BStart, int BEnd);

    private static void WriteMatch(KeyCall call, Match match, bool withLength)
    {
        call.Reply.Array(withLength ? 3 : 2);
        call.Reply.Array(2);
        call.Reply.Integer(match.AStart);
        call.Reply.Integer(match.AEnd);
        call.Reply.Array(2);
        call.Reply.Integer(match.BStart);
        call.Reply.Integer(match.BEnd);
        if (withLength) call.Reply.Integer(match.AEnd - match.AStart + 1);
    }

    private static int[] TableOf(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var width = b.Length + 1;
        var table = new int[(a.Length + 1) * width];
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
                table[(i * width) + j] = a[i - 1] == b[j - 1]
                    ? table[((i - 1) * width) + j - 1] + 1
                    : Math.Max(table[((i - 1) * width) + j], table[(i * width) + j - 1]);
        return table;
    }

    // From the end back, as Redis walks, so that of several answers it is the same one.
    private static (byte[] Text, List<Match> Matches) Trace(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, int[] table, int width, long least)
    {
        var text = new byte[table[^1]];
        var matches = new List<Match>();
        Match? open = null;
        var (i, j, left) = (a.Length, b.Length, table[^1]);
        while (i > 0 && j > 0)
        {
            if (a[i - 1] != b[j - 1])
            {
                if (table[((i - 1) * width) + j] > table[(i * width) + j - 1]) i--;
                else j--;
                Close(ref open, matches, least);
                continue;
            }

            text[--left] = a[i - 1];
            if (open is { } match && match.AStart == i && match.BStart == j) open = match with { AStart = i - 1, BStart = j - 1 };
            else
            {
                Close(ref open, matches, least);
                open = new Match(i - 1, i - 1, j - 1, j - 1);
            }

            i--;
            j--;
        }

        Close(ref open, matches, least);
        return (text, matches);
    }

    private static void Close(ref Match? open, List<Match> matches, long least)
    {
        if (open is { } match && (least == 0 || match.AEnd - match.AStart + 1 >= least)) matches.Add(match);
        open = null;
    }
}
