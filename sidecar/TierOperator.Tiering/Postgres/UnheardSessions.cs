using Npgsql;
using NpgsqlTypes;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// The notes of what Redis has yet to hear of. 1. A note is made in the statement of the change, or by itself. 2. Takers and those who end notes
/// pass over rows that somebody holds, so that nobody waits for them. 3. A note that nobody has taken since is held to the end of the change and stays
/// as it is: whoever takes it then reads what that change wrote.
/// </summary>
internal sealed class UnheardSessions(PostgresCalls calls)
{
    /// <summary>For so long a note is its taker's. By the server's clock, for those of sidecars differ.</summary>
    private const int TakenMs = 30_000;
    private const string NowMs = "(extract(epoch FROM now()) * 1000)::bigint";
    private const long HourMs = 3_600_000;
    private static readonly Comparer<byte[]> s_byKey = Comparer<byte[]>.Create(static (left, right) => left.AsSpan().SequenceCompareTo(right));

    public async ValueTask<bool> NoteAsync(IReadOnlyCollection<byte[]> sessions, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = Note(command, calls, [.. sessions.Distinct(KeyComparer.Instance).Order(s_byKey)]);
        var answer = await calls.WriteRepeatableAsync(command, static _ => Task.FromResult(true), static _ => 0, calls.BatchTimeout, cancellationToken);
        return answer.Fault is null;
    }

    /// <summary>Makes the notes in front of a statement that reads: with what it does, or not at all.</summary>
    /// <param name="command">With all parameters of its own.</param>
    /// <param name="calls">Whose the schema and the policy are.</param>
    /// <param name="sessions">Each once, in the order of the keys, as in every other statement, so that they never wait for each other in a circle.</param>
    public static void NoteWith(NpgsqlBatchCommand command, PostgresCalls calls, IReadOnlyList<byte[]> sessions)
        => command.CommandText = $"WITH noted AS ({Note(command, calls, sessions)}) {command.CommandText}";

    public async ValueTask<IReadOnlyList<UnheardSession>> TakeAsync(int most, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand($"""
            UPDATE {calls.Schema}.unheard SET taken_ms = {NowMs} WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM {calls.Schema}.unheard WHERE namespace = $1 AND policy = $2 AND taken_ms < {NowMs} - {TakenMs}
                ORDER BY lookup LIMIT $3 FOR UPDATE SKIP LOCKED))
            RETURNING lookup, long_key, number
            """);
        AddScope(command, calls);
        command.Parameters.Add(new NpgsqlParameter { Value = (long)most });
        var answer = await calls.WriteAsync(command, TakenOfAsync, static _ => 0, calls.BatchTimeout, cancellationToken);
        return answer.Fault is null ? answer.Value : [];
    }

    public async ValueTask<bool> HeardAsync(IReadOnlyCollection<UnheardSession> sessions, CancellationToken cancellationToken)
    {
        // One search for each: a join of the table with an array may be planned as a walk through all of it.
        var command = new NpgsqlBatchCommand($"""
            DELETE FROM {calls.Schema}.unheard WHERE ctid = ANY (ARRAY(
                SELECT x.at FROM unnest($3, $4) AS h(lookup, number) CROSS JOIN LATERAL (
                    SELECT u.ctid AS at FROM {calls.Schema}.unheard u
                    WHERE u.namespace = $1 AND u.policy = $2 AND u.lookup = h.lookup AND u.number = h.number FOR UPDATE SKIP LOCKED) x))
            """);
        AddScope(command, calls);
        Add(command, NpgsqlDbType.Bytea, sessions.Select(static session => LookupKey.Of(session.Session)));
        Add(command, NpgsqlDbType.Bigint, sessions.Select(static session => session.Number));
        var answer = await calls.WriteRepeatableAsync(command, static _ => Task.FromResult(true), static _ => 0, calls.BatchTimeout, cancellationToken);
        return answer.Fault is null;
    }

    /// <summary>The statement that notes; its parameters are added behind those that are there.</summary>
    private static string Note(NpgsqlBatchCommand command, PostgresCalls calls, IReadOnlyCollection<byte[]> sessions)
    {
        var first = command.Parameters.Count + 1;
        AddScope(command, calls);
        command.Parameters.Add(new NpgsqlParameter { Value = (int)((calls.NowMs + (long)calls.Remote.Tombstones.TotalMilliseconds) / HourMs) });
        Add(command, NpgsqlDbType.Bytea, sessions.Select(static session => LookupKey.Of(session)));
        Add(command, NpgsqlDbType.Bytea, sessions.Select(static session => LookupKey.LongOf(session)));
        return $"""
            INSERT INTO {calls.Schema}.unheard AS u (namespace, policy, expires_hour, lookup, long_key)
            SELECT ${first}, ${first + 1}, ${first + 2}, n.lookup, n.long_key FROM unnest(${first + 3}, ${first + 4}) AS n(lookup, long_key)
            ON CONFLICT (namespace, policy, lookup) DO UPDATE
            SET number = excluded.number, taken_ms = 0, expires_hour = greatest(u.expires_hour, excluded.expires_hour)
            WHERE u.taken_ms <> 0 OR u.expires_hour < excluded.expires_hour
            """;
    }

    private static void AddScope(NpgsqlBatchCommand command, PostgresCalls calls)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Namespace });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Policy });
    }

    private static void Add<T>(NpgsqlBatchCommand command, NpgsqlDbType type, IEnumerable<T> values)
        => command.Parameters.Add(new NpgsqlParameter { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });

    private static async Task<IReadOnlyList<UnheardSession>> TakenOfAsync(NpgsqlDataReader reader)
    {
        var taken = new List<UnheardSession>();
        while (await reader.ReadAsync()) taken.Add(new UnheardSession(reader.GetFieldValue<byte[]>(await reader.IsDBNullAsync(1) ? 0 : 1), reader.GetInt64(2)));
        return taken;
    }
}
