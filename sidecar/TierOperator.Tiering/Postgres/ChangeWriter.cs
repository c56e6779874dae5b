using Npgsql;
using NpgsqlTypes;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// Applies changes: as many as fit into one statement, each session once in it, in the order of their keys so that batches never
/// wait for each other in a circle. Where the server refuses a batch for its data, each change is tried alone, so that one
/// that can never be stored costs only itself.
/// </summary>
internal sealed class ChangeWriter(PostgresTierOptions options, PostgresCalls calls)
{
    private const int MaxChanges = 500;
    private const long MaxBytes = 8 * 1024 * 1024;
    private readonly ChangeEncoder _encoder = new(options);
    private readonly string _channel = AnnouncementChannel.Of(options.Remote.Namespace, options.Remote.Policy, options.Url.Schema);

    public async ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken)
    {
        var results = new RemoteResult[changes.Count];
        foreach (var batch in Batches(changes, results))
            await ApplyBatchAsync(changes, batch, results, cancellationToken);
        return results;
    }

    /// <summary>Splits into statements. A session's second change, and each with a condition, waits for the next one.</summary>
    private static IEnumerable<List<int>> Batches(IReadOnlyList<RemoteChange> changes, RemoteResult[] results)
    {
        var (batch, sessions, bytes) = (new List<int>(), new HashSet<byte[]>(KeyComparer.Instance), 0L);
        for (var i = 0; i < changes.Count; i++)
        {
            if (ChangeEncoder.RefusalOf(changes[i]) is { } refusal)
            {
                results[i] = new RemoteResult(RemoteStatus.Refused) { Detail = refusal };
                continue;
            }

            var size = ChangeEncoder.BytesOf(changes[i]);
            var isAlone = changes[i].Condition is not null;
            if (batch.Count > 0 && (isAlone || batch.Count == MaxChanges || bytes + size > MaxBytes || changes[batch[^1]].Condition is not null || sessions.Contains(changes[i].Session.ToArray())))
            {
                yield return batch;
                (batch, bytes) = ([], 0);
                sessions.Clear();
            }

            batch.Add(i);
            sessions.Add(changes[i].Session.ToArray());
            bytes += size;
        }

        if (batch.Count > 0) yield return batch;
    }

    private async ValueTask ApplyBatchAsync(IReadOnlyList<RemoteChange> changes, List<int> batch, RemoteResult[] results, CancellationToken cancellationToken)
    {
        batch.Sort((left, right) => changes[left].Session.Span.SequenceCompareTo(changes[right].Session.Span));
        var answer = await RunAsync(changes, batch, cancellationToken);
        if (answer.Fault is null)
        {
            for (var i = 0; i < batch.Count; i++) results[batch[i]] = answer.Value.Results[i];
            return;
        }

        if (answer.Fault.Kind == PostgresFaultKind.Refused && batch.Count > 1)
        {
            foreach (var index in batch) await ApplyBatchAsync(changes, [index], results, cancellationToken);
            return;
        }

        var status = answer.Fault.Kind == PostgresFaultKind.Refused ? RemoteStatus.Refused : RemoteStatus.Unavailable;
        foreach (var index in batch) results[index] = new RemoteResult(status) { IsAnswered = answer.Fault.Kind == PostgresFaultKind.NoWrites, Detail = answer.Fault.Reason };
    }

    private Task<PostgresAnswer<Applied>> RunAsync(IReadOnlyList<RemoteChange> changes, List<int> batch, CancellationToken cancellationToken)
    {
        var columns = new ChangeColumns();
        long bytes = 0;
        foreach (var index in batch)
        {
            _encoder.Encode(changes[index], columns);
            bytes += ChangeEncoder.BytesOf(changes[index]);
        }

        var timeout = changes.Count == 1 ? calls.TimeoutFor(bytes) : calls.BatchTimeout + calls.TimeoutFor(bytes) - calls.TimeoutFor(0);
        var (command, condition) = (Command(columns, changes[batch[0]].Condition), changes[batch[0]].Condition);

        // What happened and was not heard of would make a condition fail the second time; versions make all else harmless.
        return condition is null
            ? calls.WriteRepeatableAsync(command, reader => ReadAsync(reader, batch.Count), static applied => applied.Writes, timeout, cancellationToken)
            : calls.WriteAsync(command, reader => ReadAsync(reader, batch.Count), static applied => applied.Writes, timeout, cancellationToken);
    }

    private NpgsqlBatchCommand Command(ChangeColumns columns, RemoteCondition? condition)
    {
        var command = new NpgsqlBatchCommand();
        if (condition is not null) AddCondition(command.Parameters, condition);
        AddFirst(command.Parameters, columns);
        columns.AddTo(command.Parameters);
        var numbers = string.Join(", ", Enumerable.Range(1, command.Parameters.Count).Select(static number => $"${number}"));
        command.CommandText = condition is null
            ? $"SELECT out_ord, out_applied, out_existed, out_newest, out_number, true FROM {calls.Schema}.apply({numbers})"
            : $"SELECT out_ord, out_applied, out_existed, out_newest, out_number, out_met FROM {calls.Schema}.apply_if({numbers})";
        if (columns.Unheard.Count > 0) UnheardSessions.NoteWith(command, calls, columns.Unheard);
        return command;
    }

    private static void AddCondition(NpgsqlParameterCollection parameters, RemoteCondition condition)
    {
        parameters.Add(new NpgsqlParameter { Value = condition.Item is { } item ? LookupKey.Of(item.Span) : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea });
        parameters.Add(new NpgsqlParameter { Value = condition.Precondition.MustExist });
        parameters.Add(new NpgsqlParameter { Value = condition.Precondition.MustNotExist });
        parameters.Add(new NpgsqlParameter { Value = condition.Precondition.AnyOf is { } any ? any.Select(VersionColumn.From).ToArray() : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        parameters.Add(new NpgsqlParameter { Value = condition.Unchanged is { } unchanged ? VersionColumn.From(unchanged) : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
    }

    private void AddFirst(NpgsqlParameterCollection parameters, ChangeColumns columns)
    {
        parameters.Add(new NpgsqlParameter { Value = options.Remote.Namespace });
        parameters.Add(new NpgsqlParameter { Value = options.Remote.Policy });
        parameters.Add(new NpgsqlParameter { Value = calls.NowMs });
        parameters.Add(new NpgsqlParameter { Value = (long)options.Remote.Node });
        parameters.Add(new NpgsqlParameter { Value = _channel });
        parameters.Add(new NpgsqlParameter { Value = columns.Notes.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
    }

    /// <summary>A change without a line lost its session to the sweep in between: it is tried again.</summary>
    private static async Task<Applied> ReadAsync(NpgsqlDataReader reader, int count)
    {
        var results = new RemoteResult[count];
        Array.Fill(results, new RemoteResult(RemoteStatus.Unavailable));
        long writes = 0;
        while (await reader.ReadAsync())
        {
            var ord = reader.GetInt32(0);
            if (ord == 0)
            {
                writes = reader.GetInt64(4);
                continue;
            }

            var status = !reader.GetBoolean(5) ? RemoteStatus.ConditionFailed : reader.GetBoolean(1) ? RemoteStatus.Applied : RemoteStatus.Older;
            results[ord - 1] = new RemoteResult(status) { Existed = await reader.IsDBNullAsync(2) ? null : reader.GetBoolean(2), Newest = VersionColumn.To(reader.GetGuid(3)) };
        }

        return new Applied(results, writes);
    }

    private sealed record Applied(RemoteResult[] Results, long Writes);
}
