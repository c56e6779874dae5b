namespace TierOperator.Policy.Reading;

/// <summary>Finds what a misspelt name was probably meant to be. Source: optimal string alignment distance.</summary>
public static class NearestName
{
    /// <summary>The candidate that is near enough to be worth naming; null if none is.</summary>
    public static string? Find(string written, IEnumerable<string> candidates)
    {
        if (written.Length > 64) return null;
        var most = Math.Max(1, written.Length / 3);
        string? nearest = null;
        foreach (var candidate in candidates)
        {
            if (string.Equals(candidate, written, StringComparison.OrdinalIgnoreCase)) return candidate;
            var distance = Distance(written.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance > most) continue;
            most = distance - 1;
            nearest = candidate;
        }

        return nearest;
    }

    private static int Distance(string a, string b)
    {
        var (before, last, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }

            (before, last, row) = (last, row, before);
        }

        return last[b.Length];
    }
}
