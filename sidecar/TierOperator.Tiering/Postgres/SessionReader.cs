using Npgsql;
using NpgsqlTypes;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres;

/// <summary>The statements that read sessions and items, and what becomes of their rows.</summary>
internal sealed class SessionReader(PostgresCalls calls, Action<int> unreadable)
{
    private const string HeaderColumns = "s.rule, s.kind, s.subject, s.created_ms, s.accessed_ms, s.deadline_ms, s.fixed_deadline, s.accesses, s.floor, s.newest, s.deleted, s.expires_ms";
    private const string ItemColumns = "i.lookup, i.long_name, i.version, i.content_type, i.codec, i.length, i.value, i.removed";
    private const int FirstItemColumn = 12;

    public async ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
    {
        var command = Command($"""
            SELECT {HeaderColumns}, {ItemColumns} FROM {calls.Schema}.session s
            LEFT JOIN {calls.Schema}.item i ON i.session_id = s.id AND i.lookup = $4 AND NOT i.removed
            WHERE s.namespace = $1 AND s.policy = $2 AND s.lookup = $3
            """, session);
        command.Parameters.Add(new NpgsqlParameter { Value = LookupKey.Of(item.Span), NpgsqlDbType = NpgsqlDbType.Bytea });
        var answer = await calls.ReadAsync(command, reader => ItemOfAsync(reader, calls.NowMs), calls.TimeoutFor(0), cancellationToken);
        return answer.Fault is null ? answer.Value : new RemoteItem(RemoteReadStatus.Unavailable);
    }

    public async ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var command = Command($"""
            SELECT {HeaderColumns}, {ItemColumns} FROM {calls.Schema}.session s
            LEFT JOIN {calls.Schema}.item i ON i.session_id = s.id AND s.rule IS NOT NULL
            WHERE s.namespace = $1 AND s.policy = $2 AND s.lookup = $3
            """, session);
        var answer = await calls.ReadAsync(command, reader => SessionOfAsync(reader, session.ToArray(), calls.NowMs), calls.TimeoutFor(0), cancellationToken);
        return answer.Fault is null ? answer.Value : new RemoteSession(RemoteReadStatus.Unavailable);
    }

    public async ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
    {
        var end = LookupKey.EndOf(prefix.Span);
        var command = Command($"""
            SELECT s.lookup, s.long_key, s.items, s.bytes, s.accessed_ms FROM {calls.Schema}.session s
            WHERE s.namespace = $1 AND s.policy = $2 AND s.lookup >= $3 AND s.lookup > $4 {(end is null ? "" : "AND s.lookup < $7")}
                AND s.rule IS NOT NULL AND s.expires_ms > $5 AND s.deadline_ms > $5
            ORDER BY s.lookup LIMIT $6
            """, LookupKey.StartOf(prefix.Span));
        command.Parameters.Add(new NpgsqlParameter { Value = LookupKey.Of(after.Span), NpgsqlDbType = NpgsqlDbType.Bytea });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.NowMs });
        command.Parameters.Add(new NpgsqlParameter { Value = (long)limit });
        if (end is not null) command.Parameters.Add(new NpgsqlParameter { Value = end, NpgsqlDbType = NpgsqlDbType.Bytea });
        var answer = await calls.ReadAsync(command, reader => ListedAsync(reader, prefix), calls.BatchTimeout, cancellationToken);
        return answer.Fault is null ? new RemoteListing(RemoteReadStatus.Found, answer.Value) : new RemoteListing(RemoteReadStatus.Unavailable, []);
    }

    private NpgsqlBatchCommand Command(string sql, ReadOnlyMemory<byte> session) => Command(sql, LookupKey.Of(session.Span));

    private NpgsqlBatchCommand Command(string sql, byte[] lookup) => new(sql)
    {
        Parameters =
        {
            new NpgsqlParameter { Value = calls.Remote.Namespace },
            new NpgsqlParameter { Value = calls.Remote.Policy },
            new NpgsqlParameter { Value = lookup, NpgsqlDbType = NpgsqlDbType.Bytea },
        },
    };

    private async Task<RemoteItem> ItemOfAsync(NpgsqlDataReader reader, long nowMs)
    {
        if (!await reader.ReadAsync() || HeaderOf(reader, nowMs) is not { } header || await reader.IsDBNullAsync(FirstItemColumn)) return new RemoteItem(RemoteReadStatus.NotFound);
        return TryReadItem(reader, out var item)
            ? new RemoteItem(RemoteReadStatus.Found) { Header = header, Item = item }
            : new RemoteItem(RemoteReadStatus.Unavailable);
    }

    private async Task<RemoteSession> SessionOfAsync(NpgsqlDataReader reader, byte[] key, long nowMs)
    {
        if (!await reader.ReadAsync()) return new RemoteSession(RemoteReadStatus.NotFound);
        var (newest, floor) = (VersionColumn.To(reader.GetGuid(9)), FloorOf(reader));
        if (HeaderOf(reader, nowMs) is not { } header) return new RemoteSession(RemoteReadStatus.NotFound) { Newest = newest, Floor = DeletedAt(reader) };
        var removed = new Dictionary<byte[], ItemVersion>(KeyComparer.Instance);
        var session = new SessionSnapshot(key, header, new List<ItemSnapshot>());
        do
        {
            if (await reader.IsDBNullAsync(FirstItemColumn)) continue;
            if (reader.GetBoolean(FirstItemColumn + 7))
            {
                removed[NameOf(reader)] = VersionColumn.To(reader.GetGuid(FirstItemColumn + 2));
                continue;
            }

            if (TryReadItem(reader, out var item))
            {
                ((List<ItemSnapshot>)session.Items).Add(item);
                continue;
            }

            session.Release();
            return new RemoteSession(RemoteReadStatus.Unavailable);
        }
        while (await reader.ReadAsync());
        return new RemoteSession(RemoteReadStatus.Found) { Session = session, Newest = newest, Floor = floor, Removed = removed };
    }

    /// <summary>Null for a tombstone and for a session that is past its end.</summary>
    private static SessionHeader? HeaderOf(NpgsqlDataReader reader, long nowMs)
    {
        if (reader.IsDBNull(0) || Math.Min(reader.GetInt64(5), reader.GetInt64(11)) <= nowMs) return null;
        return new SessionHeader
        {
            Rule = reader.GetString(0), Kind = (byte)reader.GetInt16(1), Subject = reader.IsDBNull(2) ? null : reader.GetString(2),
            CreatedMs = reader.GetInt64(3), LastAccessMs = reader.GetInt64(4), DeadlineMs = reader.GetInt64(5), ExplicitDeadline = reader.GetBoolean(6),
            Accesses = (uint)reader.GetInt64(7), Floor = FloorOf(reader),
        };
    }

    private bool TryReadItem(NpgsqlDataReader reader, out ItemSnapshot item)
    {
        item = default;
        var stored = new StoredValue(reader.GetFieldValue<byte[]>(FirstItemColumn + 6), reader.GetInt16(FirstItemColumn + 4), reader.GetInt64(FirstItemColumn + 5));
        if (!stored.TryDecode(out var value))
        {
            unreadable(stored.Codec);
            return false;
        }

        item = new ItemSnapshot(NameOf(reader), reader.GetString(FirstItemColumn + 3), VersionColumn.To(reader.GetGuid(FirstItemColumn + 2)), value);
        return true;
    }

    public static async Task<IReadOnlyList<RemoteListed>> ListedAsync(NpgsqlDataReader reader, ReadOnlyMemory<byte> prefix)
    {
        var listed = new List<RemoteListed>();
        while (await reader.ReadAsync())
        {
            var key = reader.GetFieldValue<byte[]>(await reader.IsDBNullAsync(1) ? 0 : 1);
            if (key.AsSpan().StartsWith(prefix.Span)) listed.Add(new RemoteListed(key, reader.GetInt32(2), reader.GetInt64(3), reader.GetInt64(4)));
        }

        return listed;
    }

    /// <summary>The short name is the name, unless there is a long one.</summary>
    private static byte[] NameOf(NpgsqlDataReader reader)
        => reader.GetFieldValue<byte[]>(reader.IsDBNull(FirstItemColumn + 1) ? FirstItemColumn : FirstItemColumn + 1);

    private static ItemVersion FloorOf(NpgsqlDataReader reader) => ItemVersion.Newer(VersionColumn.To(reader.GetGuid(8)), DeletedAt(reader));

    private static ItemVersion DeletedAt(NpgsqlDataReader reader) => VersionColumn.To(reader.GetGuid(10));
}
