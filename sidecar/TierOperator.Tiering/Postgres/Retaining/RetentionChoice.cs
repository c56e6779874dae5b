using Npgsql;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Postgres.Retaining;

/// <summary>A session that an entry takes, as it stood when it was chosen.</summary>
internal sealed record ChosenSession(long Id, byte[] Key, ItemVersion Newest, long Bytes);

/// <summary>
/// Chooses what one entry takes, oldest first by the hour of the last write, a page of the index at a time: the cost is that of
/// what is looked at, however many there are. Reads only, so a preview and a run choose by the same.
/// </summary>
internal sealed class RetentionChoice(PostgresCalls calls)
{
    /// <summary>An entry takes this many sessions a run at most; the next run goes on.</summary>
    public const int MaxSessions = 100_000;
    private const int PageSize = 1000;
    private const long MillisecondsPerHour = 3_600_000;

    /// <summary>Null where the server is not to be had.</summary>
    public async Task<(List<ChosenSession>? Chosen, PostgresFault? Fault)> ChooseAsync(CompiledRetention entry, HashSet<long> taken, CancellationToken cancellationToken)
    {
        var totals = await TotalsAsync(entry, cancellationToken);
        if (totals.Fault is not null) return (null, totals.Fault);
        var (left, nowMs) = (totals.Value, calls.NowMs);
        var onlyByAge = entry is { MaxBytes: null, MaxCount: null };
        var (chosen, at) = (new List<ChosenSession>(), new Place(int.MinValue, 0));
        while (chosen.Count < MaxSessions && (onlyByAge || IsOver(entry, left) || entry.After is not null))
        {
            var page = await calls.ReadAsync(Command(entry, at, nowMs, onlyByAge || !IsOver(entry, left)), ReadAsync, calls.BatchTimeout * 5, cancellationToken);
            if (page.Fault is not null) return (null, page.Fault);
            foreach (var (session, place) in page.Value)
            {
                at = place;
                if (taken.Contains(session.Id) || chosen.Count == MaxSessions) continue;
                if (!(onlyByAge && entry.After is null) && !IsDue(entry, session, nowMs) && !IsOver(entry, left)) continue;
                chosen.Add(session);
                left = new Totals(left.Sessions - 1, left.Bytes - session.Bytes);
            }

            if (page.Value.Count < PageSize) break;
        }

        return (chosen, null);
    }

    private static bool IsOver(CompiledRetention entry, Totals left) => left.Sessions > entry.MaxCount || left.Bytes > entry.MaxBytes;

    private static bool IsDue(CompiledRetention entry, ChosenSession session, long nowMs)
        => entry.After is { } after && nowMs - session.Newest.Milliseconds >= (long)after.TotalMilliseconds;

    private Task<PostgresAnswer<Totals>> TotalsAsync(CompiledRetention entry, CancellationToken cancellationToken)
    {
        if (entry is { MaxBytes: null, MaxCount: null }) return Task.FromResult(new PostgresAnswer<Totals>(new Totals(0, 0), null));
        var command = new NpgsqlBatchCommand($"SELECT out_sessions, out_bytes FROM {calls.Schema}.totals($1, $2, $3)");
        AddFirst(command, entry);
        return calls.WriteAsync(command, static async reader => await reader.ReadAsync() ? new Totals(reader.GetInt64(0), reader.GetInt64(1)) : new Totals(0, 0), static _ => 0, calls.BatchTimeout, cancellationToken);
    }

    private NpgsqlBatchCommand Command(CompiledRetention entry, Place at, long nowMs, bool onlyDue)
    {
        var command = new NpgsqlBatchCommand();
        AddFirst(command, entry);
        command.Parameters.Add(new NpgsqlParameter { Value = at.Hour });
        command.Parameters.Add(new NpgsqlParameter { Value = at.Id });
        command.Parameters.Add(new NpgsqlParameter { Value = nowMs });
        var where = new WhereSql(calls.Schema, command.Parameters);
        var tests = entry.Where.Select(where.Of).ToList();
        if (entry.LegalHoldLabel is { } label) tests.Add("NOT " + where.IsSet(label));
        if (entry.Action == RetentionAction.Compress) tests.Add("NOT s.packed");
        if (onlyDue && entry.After is { } after)
        {
            var cutoffMs = nowMs - (long)after.TotalMilliseconds;
            command.Parameters.Add(new NpgsqlParameter { Value = (int)(cutoffMs / MillisecondsPerHour) });
            command.Parameters.Add(new NpgsqlParameter { Value = cutoffMs });
            tests.Add($"s.written_hour <= ${command.Parameters.Count - 1} AND {calls.Schema}.milliseconds_of(s.newest) <= ${command.Parameters.Count}");
        }

        command.CommandText = $"""
            SELECT s.id, s.lookup, s.long_key, s.newest, s.bytes, s.written_hour FROM {calls.Schema}.session s
            WHERE s.namespace = $1 AND s.policy = $2 AND s.category = $3 AND (s.written_hour, s.id) > ($4, $5)
                AND s.rule IS NOT NULL AND s.expires_ms > $6 AND s.deadline_ms > $6 {string.Concat(tests.Select(static test => $" AND {test}"))}
            ORDER BY s.written_hour, s.id LIMIT {PageSize}
            """;
        return command;
    }

    private void AddFirst(NpgsqlBatchCommand command, CompiledRetention entry)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Namespace });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Policy });
        command.Parameters.Add(new NpgsqlParameter { Value = entry.DataCategory });
    }

    private static async Task<List<(ChosenSession Session, Place Place)>> ReadAsync(NpgsqlDataReader reader)
    {
        var page = new List<(ChosenSession, Place)>();
        while (await reader.ReadAsync())
        {
            var key = reader.GetFieldValue<byte[]>(reader.IsDBNull(2) ? 1 : 2);
            page.Add((new ChosenSession(reader.GetInt64(0), key, VersionColumn.To(reader.GetGuid(3)), reader.GetInt64(4)), new Place(reader.GetInt32(5), reader.GetInt64(0))));
        }

        return page;
    }

    private readonly record struct Totals(long Sessions, long Bytes);

    /// <summary>How far the walk along the index has come.</summary>
    private readonly record struct Place(int Hour, long Id);
}
