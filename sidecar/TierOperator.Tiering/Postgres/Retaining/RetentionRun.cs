using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Retention;

namespace TierOperator.Tiering.Postgres.Retaining;

/// <summary>Runs or previews the policy's entries in order; a session that one has taken is no candidate of the next.</summary>
internal sealed class RetentionRun(PostgresCalls calls, SessionReader reader)
{
    private readonly RetentionChoice _choice = new(calls);
    private readonly RetentionActions _actions = new(calls, reader);

    public async ValueTask<RetentionReport> RunAsync(IReadOnlyList<CompiledRetention> entries, bool dryRun, IRetentionExport? export, CancellationToken cancellationToken)
    {
        var (reports, taken) = (new List<RetentionEntryReport>(), new HashSet<long>());
        foreach (var entry in entries)
        {
            var (chosen, fault) = await _choice.ChooseAsync(entry, taken, cancellationToken);
            var skipped = fault?.Reason ?? (entry.Action == RetentionAction.Export && export is null ? "Export has nowhere to write to: give the sidecar a data folder." : null);
            chosen ??= [];
            if (skipped is null) taken.UnionWith(chosen.Select(static session => session.Id));
            if (skipped is null && !dryRun) (chosen, skipped) = await _actions.ActAsync(entry, chosen, export, cancellationToken);
            reports.Add(new RetentionEntryReport(entry.DataCategory, entry.Action, [.. chosen.Select(static session => session.Key)], chosen.Sum(static session => session.Bytes), skipped));
        }

        return new RetentionReport(dryRun, reports);
    }
}
