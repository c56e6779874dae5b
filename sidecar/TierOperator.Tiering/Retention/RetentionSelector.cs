using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Retention;

/// <summary>A session as retention weighs it. <see cref="MeetsConditions"/>: it fits <c>where</c> and is under no hold.</summary>
internal sealed record RetentionCandidate(byte[] Key, long CreatedMs, long Bytes, bool MeetsConditions);

/// <summary>
/// Chooses what one retention entry takes, from the candidates of its category. Pure: a preview and a run over the same
/// candidates choose the same.
/// </summary>
internal static class RetentionSelector
{
    /// <summary>
    /// Takes what is older than <c>after</c>; then, oldest first, what is beyond <c>maxCount</c> and <c>maxBytes</c>. An entry
    /// without any of the three takes all that meets its conditions.
    /// </summary>
    public static List<RetentionCandidate> Select(CompiledRetention entry, IEnumerable<RetentionCandidate> candidates, long nowMs)
    {
        var eldestFirst = candidates.OrderBy(candidate => candidate.CreatedMs).ThenBy(candidate => candidate.Key, KeyOrder.Instance).ToList();
        long count = eldestFirst.Count, bytes = eldestFirst.Sum(candidate => candidate.Bytes);
        var unlimited = entry is { After: null, MaxBytes: null, MaxCount: null };
        var chosen = new List<RetentionCandidate>();
        foreach (var candidate in eldestFirst)
        {
            if (!candidate.MeetsConditions) continue;
            var isDue = unlimited
                || (entry.After is { } after && nowMs - candidate.CreatedMs >= (long)after.TotalMilliseconds)
                || count > entry.MaxCount || bytes > entry.MaxBytes;
            if (!isDue) continue;
            chosen.Add(candidate);
            count--;
            bytes -= candidate.Bytes;
        }

        return chosen;
    }

    private sealed class KeyOrder : IComparer<byte[]>
    {
        public static readonly KeyOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}

/// <summary>What retention did, or would do. <see cref="Entries"/> are in the policy's order.</summary>
public sealed record RetentionReport(bool IsDryRun, IReadOnlyList<RetentionEntryReport> Entries);

/// <summary>One retention entry's part. <see cref="Skipped"/> says why nothing was done; null when it was.</summary>
public sealed record RetentionEntryReport(string DataCategory, RetentionAction Action, IReadOnlyList<byte[]> Sessions, long Bytes, string? Skipped);
