using Npgsql;
using NpgsqlTypes;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres.Retaining;

/// <summary>
/// What becomes of chosen sessions, some hundreds a transaction. Each is taken only at the version it was chosen at: one that was
/// written since is another session, and waits for the next run.
/// </summary>
internal sealed class RetentionActions(PostgresCalls calls, SessionReader reader)
{
    private const int PerTransaction = 200;
    private static readonly TimeSpan s_transactionLimit = TimeSpan.FromSeconds(30);

    /// <summary>The sessions that were taken, and why it ended early; null where it did not.</summary>
    public async Task<(List<ChosenSession> Taken, string? Fault)> ActAsync(CompiledRetention entry, List<ChosenSession> chosen, IRetentionExport? export, CancellationToken cancellationToken)
    {
        var taken = new List<ChosenSession>();
        foreach (var part in chosen.Chunk(PerTransaction))
        {
            var (ids, fault) = entry.Action switch
            {
                RetentionAction.Compress => await CompressAsync(part, cancellationToken),
                RetentionAction.Export => await ExportAsync(part, export!, cancellationToken),
                _ => await RetireAsync(entry, part, cancellationToken),
            };
            taken.AddRange(part.Where(session => ids.Contains(session.Id)));
            if (fault is not null) return (taken, fault.Reason);
        }

        return (taken, null);
    }

    private async Task<(HashSet<long> Ids, PostgresFault? Fault)> RetireAsync(CompiledRetention entry, ChosenSession[] part, CancellationToken cancellationToken)
    {
        var answer = await calls.TransactAsync(
            async connection =>
            {
                var held = await HoldAsync(connection, part);
                if (entry is { Action: RetentionAction.Aggregate, Into: { } into }) await new Aggregation(calls, entry.DataCategory, into).AddAsync(connection, [.. held]);
                return await RetireAsync(connection, [.. part.Where(session => held.Contains(session.Id))], entry.Action == RetentionAction.Archive);
            },
            s_transactionLimit, cancellationToken);
        return (answer.Fault is null ? answer.Value : [], answer.Fault);
    }

    /// <summary>Written out first, deleted then: a failure in between leaves them in both places, never in none.</summary>
    private async Task<(HashSet<long> Ids, PostgresFault? Fault)> ExportAsync(ChosenSession[] part, IRetentionExport export, CancellationToken cancellationToken)
    {
        var sessions = new List<SessionSnapshot>();
        try
        {
            foreach (var session in part)
            {
                var read = await reader.ReadSessionAsync(session.Key, cancellationToken);
                if (read.Session is not null) sessions.Add(read.Session);
                if (read.Status == RemoteReadStatus.Unavailable) return ([], new PostgresFault(PostgresFaultKind.Away, "A session could not be read for export; the next run tries again."));
            }

            await export.WriteAsync(sessions, cancellationToken);
        }
        catch (IOException error)
        {
            return ([], new PostgresFault(PostgresFaultKind.Refused, $"The export could not be written, so nothing was deleted: {error.Message}"));
        }
        finally
        {
            foreach (var session in sessions) session.Release();
        }

        var answer = await calls.TransactAsync(connection => RetireAsync(connection, part, archive: false), s_transactionLimit, cancellationToken);
        return (answer.Fault is null ? answer.Value : [], answer.Fault);
    }

    private async Task<(HashSet<long> Ids, PostgresFault? Fault)> CompressAsync(ChosenSession[] part, CancellationToken cancellationToken)
    {
        var answer = await calls.TransactAsync(
            async connection =>
            {
                var held = await HoldAsync(connection, part);
                await new Packing(calls).PackAsync(connection, [.. held]);
                return held;
            },
            s_transactionLimit, cancellationToken);
        return (answer.Fault is null ? answer.Value : [], answer.Fault);
    }

    private async Task<HashSet<long>> HoldAsync(NpgsqlConnection connection, ChosenSession[] part)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT s.id FROM unnest($1, $2) AS g(id, newest) JOIN {calls.Schema}.session s ON s.id = g.id AND s.newest = g.newest
            WHERE s.rule IS NOT NULL ORDER BY s.lookup FOR UPDATE OF s
            """, connection);
        AddSessions(command.Parameters, part);
        return await ReadIdsAsync(command);
    }

    private async Task<HashSet<long>> RetireAsync(NpgsqlConnection connection, ChosenSession[] part, bool archive)
    {
        await using var command = new NpgsqlCommand($"SELECT {calls.Schema}.retire($3, $4, $5, $6, $1, $2, $7)", connection);
        AddSessions(command.Parameters, part);
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Namespace });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Policy });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.NowMs });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.NowMs + (long)calls.Remote.Tombstones.TotalMilliseconds });
        command.Parameters.Add(new NpgsqlParameter { Value = archive });
        return await ReadIdsAsync(command);
    }

    private static void AddSessions(NpgsqlParameterCollection parameters, ChosenSession[] part)
    {
        parameters.Add(new NpgsqlParameter { Value = Array.ConvertAll(part, static session => session.Id) });
        parameters.Add(new NpgsqlParameter { Value = Array.ConvertAll(part, static session => VersionColumn.From(session.Newest)), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
    }

    private static async Task<HashSet<long>> ReadIdsAsync(NpgsqlCommand command)
    {
        var ids = new HashSet<long>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) ids.Add(reader.GetInt64(0));
        return ids;
    }
}
