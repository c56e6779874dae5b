using System.Text.RegularExpressions;

namespace TierOperator.Architecture;

/// <summary>The links of a Markdown page that point into this repository.</summary>
internal static partial class DocumentLinks
{
    /// <summary>Relative link targets in the text, without anchors; code blocks and spans are left out.</summary>
    public static IEnumerable<string> In(string markdown) =>
        Link().Matches(Code().Replace(markdown, ""))
            .Select(match => match.Groups["target"].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
                && !target.StartsWith("mailto:", StringComparison.Ordinal));

    /// <summary>Links of the page at <paramref name="page"/> whose target does not exist.</summary>
    public static IEnumerable<string> Broken(string page, string markdown) =>
        In(markdown).Where(target => !Exists(page, Uri.UnescapeDataString(target))).Select(target => $"{page} → {target}");

    private static bool Exists(string page, string target)
    {
        var path = Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page) ?? "", target));
        return File.Exists(path) || Directory.Exists(path);
    }

    [GeneratedRegex(@"\]\(\s*<?(?<target>[^)\s>]+)>?(\s+""[^""]*"")?\s*\)|^\[[^\]]+\]:\s*(?<target>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex(@"^(```|~~~).*?^\1|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();
}
