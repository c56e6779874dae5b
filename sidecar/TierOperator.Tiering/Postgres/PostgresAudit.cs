using Npgsql;
using NpgsqlTypes;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>Notes of conflicts and dead letters, as rows beside the sessions. The oldest go beyond a number, so that a storm of them fills no disk.</summary>
internal sealed class PostgresAudit(PostgresCalls calls) : IAuditStore
{
    /// <summary>How many notes of a kind are kept for a policy.</summary>
    public const int MaxNotes = 100_000;

    public ValueTask<bool> NoteAsync(IReadOnlyList<ConflictNote> conflicts, CancellationToken cancellationToken)
    {
        var command = Command($"""
            INSERT INTO {calls.Schema}.conflict (namespace, policy, node, noted_ms, session, item, strategy, winner, loser)
            SELECT $1, $2, $3, $4, c.session, c.item, c.strategy, c.winner, c.loser FROM unnest($5, $6, $7, $8, $9) AS c(session, item, strategy, winner, loser)
            """);
        Add(command, NpgsqlDbType.Bytea, conflicts.Select(static note => note.Session));
        Add(command, NpgsqlDbType.Bytea, conflicts.Select(static note => note.Item));
        Add(command, NpgsqlDbType.Text, conflicts.Select(static note => note.Strategy));
        Add(command, NpgsqlDbType.Uuid, conflicts.Select(static note => VersionColumn.From(note.Winner)));
        Add(command, NpgsqlDbType.Uuid, conflicts.Select(static note => VersionColumn.From(note.Loser)));
        return NoteAsync(command, "conflict", cancellationToken);
    }

    public ValueTask<bool> NoteAsync(IReadOnlyList<DeadLetterNote> letters, CancellationToken cancellationToken)
    {
        var command = Command($"""
            INSERT INTO {calls.Schema}.dead_letter (namespace, policy, node, noted_ms, session, reason)
            SELECT $1, $2, $3, $4, d.session, d.reason FROM unnest($5, $6) AS d(session, reason)
            """);
        Add(command, NpgsqlDbType.Bytea, letters.Select(static note => note.Session));
        Add(command, NpgsqlDbType.Text, letters.Select(static note => note.Reason));
        return NoteAsync(command, "dead_letter", cancellationToken);
    }

    public async ValueTask<IReadOnlyList<ConflictNote>?> ListConflictsAsync(int limit, CancellationToken cancellationToken)
    {
        var command = Listing("session, item, strategy, winner, loser, noted_ms, node", "conflict", limit);
        var answer = await calls.ReadAsync(command, static reader => RowsAsync(reader, static row => new ConflictNote(
            row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.GetString(2), VersionColumn.To(row.GetGuid(3)), VersionColumn.To(row.GetGuid(4)))
        {
            NotedMs = row.GetInt64(5), Node = (uint)row.GetInt64(6),
        }), calls.BatchTimeout, cancellationToken);
        return answer.Fault is null ? answer.Value : null;
    }

    public async ValueTask<IReadOnlyList<DeadLetterNote>?> ListDeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        var command = Listing("session, reason, noted_ms, node", "dead_letter", limit);
        var answer = await calls.ReadAsync(command, static reader => RowsAsync(reader, static row => new DeadLetterNote(row.GetFieldValue<byte[]>(0), row.GetString(1))
        {
            NotedMs = row.GetInt64(2), Node = (uint)row.GetInt64(3),
        }), calls.BatchTimeout, cancellationToken);
        return answer.Fault is null ? answer.Value : null;
    }

    private async ValueTask<bool> NoteAsync(NpgsqlBatchCommand insert, string table, CancellationToken cancellationToken)
    {
        // A new note's id tells how many there were at most; those that many behind it go, a few at a time.
        insert.CommandText = $"""
            WITH noted AS ({insert.CommandText} RETURNING id)
            DELETE FROM {calls.Schema}.{table} WHERE id IN (
                SELECT id FROM {calls.Schema}.{table} WHERE namespace = $1 AND policy = $2 AND id < (SELECT max(id) FROM noted) - {MaxNotes} ORDER BY id LIMIT 1000)
            """;
        var answer = await calls.WriteAsync(insert, static _ => Task.FromResult(true), static _ => 0, calls.BatchTimeout, cancellationToken);
        return answer.Fault is null;
    }

    private NpgsqlBatchCommand Command(string sql) => new(sql)
    {
        Parameters =
        {
            new NpgsqlParameter { Value = calls.Remote.Namespace }, new NpgsqlParameter { Value = calls.Remote.Policy },
            new NpgsqlParameter { Value = (long)calls.Remote.Node }, new NpgsqlParameter { Value = calls.NowMs },
        },
    };

    private NpgsqlBatchCommand Listing(string columns, string table, int limit) => new($"SELECT {columns} FROM {calls.Schema}.{table} WHERE namespace = $1 AND policy = $2 ORDER BY id DESC LIMIT $3")
    {
        Parameters = { new NpgsqlParameter { Value = calls.Remote.Namespace }, new NpgsqlParameter { Value = calls.Remote.Policy }, new NpgsqlParameter { Value = (long)limit } },
    };

    private static void Add<T>(NpgsqlBatchCommand command, NpgsqlDbType type, IEnumerable<T> values)
        => command.Parameters.Add(new NpgsqlParameter { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });

    private static async Task<IReadOnlyList<T>> RowsAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }
}
