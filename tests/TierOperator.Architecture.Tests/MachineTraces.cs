using System.Text.RegularExpressions;

namespace TierOperator.Architecture;

/// <summary>Finds what ties a file to the machine or the network that it was written on.</summary>
internal static class MachineTraces
{
    // Paths into a person's or a builder's folders, and package feeds: restore must use what the machine is set up with.
    // The words are split, so that this file does not find itself.
    private static readonly Regex Pattern = new(string.Join('|', [
        """(?<![\w.$}~:/-])/(hom""" + """e|User""" + """s|roo""" + """t|wor""" + """k|workspace|tm""" + """p)/[\w.-]+""",
        """[A-Z]:\\User""" + """s\\""",
        """nuget\.or""" + "g", """npmjs\.or""" + "g", """pypi\.or""" + "g", """crates\.i""" + "o", """pkgs\.dev\.""" + "azure",
        """proxy\.golan""" + "g", "artifactor" + "y", "<packageSource" + "s>", "<RestoreSource" + "s>",
    ]), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));

    /// <summary>Each trace as "line: what was found".</summary>
    public static IEnumerable<string> In(string text) =>
        text.Split('\n').SelectMany((line, index) => Pattern.Matches(line).Select(match => $"{index + 1}: {match.Value}"));
}
