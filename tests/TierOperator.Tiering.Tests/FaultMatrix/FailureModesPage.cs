namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>docs/failure-modes.md: its table is the matrix. TIER_UPDATE_GOLDEN=1 writes it anew.</summary>
internal static class FailureModesPage
{
    public static void Check(IReadOnlyList<MatrixLine> lines)
    {
        var path = Find();
        var text = File.ReadAllLines(path);
        if (Environment.GetEnvironmentVariable("TIER_UPDATE_GOLDEN") == "1")
        {
            var begin = Array.IndexOf(text, MatrixLine.Head.Split('\n')[0]);
            var end = Array.FindIndex(text, begin, static line => !line.StartsWith('|'));
            File.WriteAllLines(path, [.. text[..begin], MatrixLine.Head, .. lines.Select(line => line.ToString()), .. text[end..]]);
            return;
        }

        var written = text.Where(static line => line.StartsWith("| Redis |", StringComparison.Ordinal) || line.StartsWith("| PostgreSQL |", StringComparison.Ordinal)).Select(WithoutTimes);
        Assert.Equal(lines.Select(line => line.Stable), written);
    }

    private static string WithoutTimes(string line) => string.Join('|', line.Split('|')[..8]) + "|";

    private static string Find()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            var page = Path.Combine(at, "docs", "failure-modes.md");
            if (File.Exists(page)) return page;
        }

        throw new FileNotFoundException("docs/failure-modes.md is not above the tests");
    }
}
