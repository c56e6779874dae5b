using System.Net;
using System.Text;

namespace TierOperator.Tiering.Postgres.Search;

/// <summary>Shows where a text was met: its first places with some text around, escaped for HTML, words in <c>&lt;mark&gt;</c>.</summary>
internal static class Highlighter
{
    private const int Around = 60;
    private const int MaxFragments = 3;
    private const char Cut = '…';

    public static string Show(string text, IReadOnlyList<WordSpan> found)
    {
        var shown = new StringBuilder();
        var at = 0;
        for (var fragment = 0; fragment < MaxFragments && at < found.Count; fragment++)
        {
            var first = at;
            while (at + 1 < found.Count && found[at + 1].Start - found[at].End <= Around) at++;
            AppendFragment(shown, text, [.. found.Skip(first).Take(at - first + 1)]);
            at++;
        }

        return shown.ToString();
    }

    private static void AppendFragment(StringBuilder shown, string text, WordSpan[] words)
    {
        var (from, to) = (Math.Max(0, words[0].Start - Around), Math.Min(text.Length, words[^1].End + Around));
        if (from > 0 && char.IsLowSurrogate(text[from])) from--;
        if (to < text.Length && char.IsLowSurrogate(text[to])) to++;
        if (from > 0 || shown.Length > 0) shown.Append(Cut);
        foreach (var word in words)
        {
            shown.Append(Escape(text[from..word.Start])).Append("<mark>").Append(Escape(text[word.Start..word.End])).Append("</mark>");
            from = word.End;
        }

        shown.Append(Escape(text[from..to]));
        if (to < text.Length) shown.Append(Cut);
    }

    private static string Escape(string part) => WebUtility.HtmlEncode(part);
}
