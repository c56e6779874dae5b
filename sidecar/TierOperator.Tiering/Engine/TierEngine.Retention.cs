using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Retention;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// Runs the policy's retention over the local tiers, or previews it. Age counts from a session's creation. Entries are
    /// applied in order, and a session that one has taken is no candidate of the next.
    /// </summary>
    public async ValueTask<RetentionReport> RunRetentionAsync(bool dryRun, CancellationToken cancellationToken)
    {
        var reports = new List<RetentionEntryReport>();
        var taken = new HashSet<byte[]>(KeyComparer.Instance);
        foreach (var entry in _rules.Policy.Retention)
        {
            var chosen = RetentionSelector.Select(entry, Candidates(entry, taken), _clock.NowMs);
            var skipped = entry.Action == RetentionAction.Delete
                ? null
                : $"{entry.Action} keeps data in the postgres tier, which their rule does not have; only Delete works on local tiers.";
            if (skipped is null) taken.UnionWith(chosen.Select(candidate => candidate.Key));
            if (skipped is null && !dryRun)
                foreach (var candidate in chosen) await DeleteSessionAsync(candidate.Key, default, cancellationToken);
            reports.Add(new RetentionEntryReport(
                entry.DataCategory, entry.Action, [.. chosen.Select(candidate => candidate.Key)], chosen.Sum(candidate => candidate.Bytes), skipped));
        }

        return new RetentionReport(dryRun, reports);
    }

    private List<RetentionCandidate> Candidates(CompiledRetention entry, HashSet<byte[]> taken)
    {
        var candidates = new List<RetentionCandidate>();
        foreach (var key in AllKeys())
        {
            if (taken.Contains(key) || Describe(key, withItems: false) is not { } meta || meta.Rule.DataCategory != entry.DataCategory || IsRetainedThere(meta.Rule)) continue;
            candidates.Add(new RetentionCandidate(key, meta.Header.CreatedMs, meta.Bytes, MeetsConditions(entry, key)));
        }

        return candidates;
    }

    private bool MeetsConditions(CompiledRetention entry, byte[] key)
    {
        if (entry.Where.Count == 0 && entry.LegalHoldLabel is null) return true;
        if (SnapshotOf(key) is not { } session) return false;
        try
        {
            var fields = new SnapshotFields(session);
            var isHeld = entry.LegalHoldLabel is { } label && fields.TryGetField(label, out var hold) && hold is not ("false" or "null" or "");
            return !isHeld && entry.Where.All(condition => condition.IsMet(fields));
        }
        finally
        {
            session.Release();
        }
    }
}
