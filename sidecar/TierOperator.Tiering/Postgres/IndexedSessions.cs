using Npgsql;
using NpgsqlTypes;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>Finds and deletes sessions by subject and by parent, a page at a time, by the same deletes that everybody uses.</summary>
internal sealed class IndexedSessions(PostgresTierOptions options, PostgresCalls calls, ChangeWriter writer)
{
    private const int PageSize = 500;

    public ValueTask<RemoteListing> ListSubjectAsync(string subject, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => ListAsync("subject", new NpgsqlParameter { Value = subject }, after, limit, cancellationToken);

    public ValueTask<RemoteListing> ListChildrenAsync(ReadOnlyMemory<byte> parent, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => ListAsync("parent", new NpgsqlParameter { Value = LookupKey.Of(parent.Span), NpgsqlDbType = NpgsqlDbType.Bytea }, after, limit, cancellationToken);

    public async ValueTask<RemoteDeletion> EraseSubjectAsync(string subject, ItemVersion floor, CancellationToken cancellationToken)
    {
        var deleted = new List<byte[]>();
        var isComplete = await DeleteAsync(after => ListSubjectAsync(subject, after, PageSize, cancellationToken), floor, deleted, cancellationToken);
        var command = new NpgsqlBatchCommand($"DELETE FROM {calls.Schema}.archive WHERE namespace = $1 AND policy = $2 AND subject = $3");
        AddScope(command);
        command.Parameters.Add(new NpgsqlParameter { Value = subject });
        var archived = await calls.WriteAsync(command, static reader => Task.FromResult(reader.RecordsAffected), static _ => 0, calls.BatchTimeout, cancellationToken);
        return new RemoteDeletion(isComplete && archived.Fault is null, deleted) { Archived = archived.Fault is null ? Math.Max(0, archived.Value) : 0 };
    }

    public async ValueTask<RemoteDeletion> DeleteChildrenAsync(ReadOnlyMemory<byte> parent, ItemVersion floor, CancellationToken cancellationToken)
    {
        var deleted = new List<byte[]>();
        var parents = new Queue<ReadOnlyMemory<byte>>([parent]);
        while (parents.TryDequeue(out var next))
        {
            var known = deleted.Count;
            if (!await DeleteAsync(after => ListChildrenAsync(next, after, PageSize, cancellationToken), floor, deleted, cancellationToken)) return new RemoteDeletion(false, deleted);
            foreach (var child in deleted.Skip(known)) parents.Enqueue(child);
        }

        return new RemoteDeletion(true, deleted);
    }

    // What is newer than the floor stays in its session; so it goes on behind the page, or it would meet it for ever.
    private async ValueTask<bool> DeleteAsync(Func<ReadOnlyMemory<byte>, ValueTask<RemoteListing>> list, ItemVersion floor, List<byte[]> deleted, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> after = default;
        while (true)
        {
            var page = await list(after);
            if (page.Status != RemoteReadStatus.Found) return false;
            if (page.Sessions.Count == 0) return true;
            var expires = calls.NowMs + (long)options.Remote.Tombstones.TotalMilliseconds;
            var results = await writer.ApplyAsync([.. page.Sessions.Select(session => new RemoteChange(session.Key) { Floor = floor, Newest = floor, ExpiresMs = expires })], cancellationToken);
            for (var i = 0; i < results.Count; i++)
            {
                if (results[i].Status == RemoteStatus.Applied) deleted.Add(page.Sessions[i].Key);
                else if (results[i].Status != RemoteStatus.Older) return false;
            }

            after = page.Sessions[^1].Key;
        }
    }

    private async ValueTask<RemoteListing> ListAsync(string column, NpgsqlParameter value, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand($"""
            SELECT s.lookup, s.long_key, s.items, s.bytes, s.accessed_ms FROM {calls.Schema}.session s
            WHERE s.namespace = $1 AND s.policy = $2 AND s.{column} = $3 AND (s.lookup > $4 OR octet_length($4) = 0) AND s.rule IS NOT NULL
            ORDER BY s.lookup LIMIT $5
            """);
        AddScope(command);
        command.Parameters.Add(value);
        command.Parameters.Add(new NpgsqlParameter { Value = LookupKey.Of(after.Span), NpgsqlDbType = NpgsqlDbType.Bytea });
        command.Parameters.Add(new NpgsqlParameter { Value = (long)limit });
        var answer = await calls.ReadAsync(command, static reader => SessionReader.ListedAsync(reader, default), calls.BatchTimeout, cancellationToken);
        return answer.Fault is null ? new RemoteListing(RemoteReadStatus.Found, answer.Value) : new RemoteListing(RemoteReadStatus.Unavailable, []);
    }

    private void AddScope(NpgsqlBatchCommand command)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Namespace });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Policy });
    }
}
