using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Retention;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private const string ExportFile = "retention-export.ndjson";
    private const long MaxExportBytes = 1L << 30;

    /// <summary>
    /// Runs the policy's retention, or previews it: PostgreSQL chooses among what it holds, the rest is chosen here. What PostgreSQL gives
    /// up leaves memory, disk and Redis too, unless it was written since. Null where PostgreSQL is declared and away.
    /// </summary>
    public async ValueTask<RetentionReport?> RunRetentionEverywhereAsync(bool dryRun, CancellationToken cancellationToken)
    {
        if (_shared?.Of(TierSet.Postgres) is not { Link: { Tier: IRetainingTier tier } link }) return await RunRetentionAsync(dryRun, cancellationToken);
        if (!link.CanWrite) return null;
        var export = _disk is null ? null : new NdjsonExport(Path.Combine(_options.DataFolder!, ExportFile), Math.Min(MaxExportBytes, (_rules.Policy.Spillover?.CapacityBytes ?? 0) / 8));
        var there = await tier.RunRetentionAsync(_rules.Policy.Retention, dryRun, export, cancellationToken);
        var here = await RunRetentionAsync(dryRun, cancellationToken);
        if (!dryRun)
            foreach (var entry in there.Entries.Where(static entry => entry.Skipped is null && entry.Action != RetentionAction.Compress))
                foreach (var key in entry.Sessions) await FollowDeletionAsync(key, link, cancellationToken);
        return new RetentionReport(dryRun, [.. there.Entries.Zip(here.Entries, static (there, here) => there with
        {
            Sessions = [.. there.Sessions, .. here.Skipped is null ? here.Sessions : []],
            Bytes = there.Bytes + (here.Skipped is null ? here.Bytes : 0),
            Skipped = there.Skipped ?? (here.Sessions.Count > 0 ? here.Skipped : null),
        })]);
    }

    /// <summary>What PostgreSQL has deleted goes everywhere else, up to the version at which it was deleted there.</summary>
    private async ValueTask FollowDeletionAsync(byte[] key, Sync.TierLink postgres, CancellationToken cancellationToken)
    {
        var answer = await postgres.ReadSessionAsync(key, cancellationToken);
        answer.Session?.Release();
        if (answer.Status != RemoteReadStatus.NotFound || answer.Floor == ItemVersion.None) return;
        await DeleteHereAsync(key, new Consultation(ReadStatus.NotFound) { DeletedAt = answer.Floor }, settled: TierSet.Postgres, cancellationToken);
        if (_shared!.Of(TierSet.Redis) is not { } redis) return;
        var note = new Sync.OwedNote(key, answer.Floor, _clock.NowMs) { IsDelete = true };
        _ = redis.Outbox.Note(note, wait: false);
        _lacksNotes = true; // PostgreSQL has it already
    }

    /// <summary>Whether PostgreSQL answers for a session's retention.</summary>
    private bool IsRetainedThere(CompiledRule rule) => _shared?.Of(TierSet.Postgres) is not null && rule.Tiers.HasFlag(TierSet.Postgres);
}
