using TierOperator.Sidecar.Resp.Native;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    /// <summary>WATCH where Redis may hold the keys: those that are no sessions are watched there.</summary>
    private void WatchNatively(RespConnection connection, RespArguments arguments)
    {
        var request = new NativeRequest(Commands.Watch.Fact!, arguments.Detached(), connection.Reply.Protocol);
        var transaction = connection.State.Transaction;
        (IReadOnlyList<SeenSession>? Seen, string? Fault) looked = default;
        Elsewhere(connection, async () =>
        {
            looked = await Native!.Keyspace.LookAsync(request.Keys, withContent: false, CancellationToken.None);
            if (looked.Seen is not null) looked.Fault = await WatchThereAsync(transaction, [.. looked.Seen.Where(seen => !seen.Exists).Select(seen => seen.Key)], request.Protocol);
        }, () =>
        {
            if (connection.IsClosed) transaction.Close();
            else if (looked.Fault is { } fault) connection.Reply.Error($"TIERDOWN {fault}");
            else
            {
                foreach (var seen in looked.Seen!) transaction.Watched.TryAdd(seen.Key, seen.Fingerprint);
                connection.Reply.Simple("OK"u8);
            }
        });
    }

    private async ValueTask<string?> WatchThereAsync(Transaction transaction, IReadOnlyList<byte[]> keys, int protocol)
    {
        if (keys.Count == 0 || Native!.Keyspace.Server is not { } server) return null;
        if (transaction.Line is null)
        {
            var (line, fault) = await server.OpenLineAsync(server.KeyOf(keys[0]), protocol, CancellationToken.None);
            if (line is null) return fault;
            transaction.Line = line;
        }

        var reply = await transaction.Line.CallAsync(["WATCH"u8.ToArray(), .. keys.Select(key => (ReadOnlyMemory<byte>)server.KeyOf(key))], CancellationToken.None);
        return reply.IsError ? reply.ErrorText : null;
    }

    /// <summary>EXEC where Redis may have a part in it.</summary>
    private void ExecuteAcross(RespConnection connection, TransactionExecution execution, NativeLine? line)
    {
        NativeReply? reply = null;
        EditOutcome outcome = default;
        List<SurveyCall> surveys = [];
        Elsewhere(connection, async () =>
        {
            await using (line) (reply, outcome) = await Native!.Transactions.RunAsync(execution, line, connection.Reply.Protocol);
            if (reply is not { IsError: true }) surveys = await execution.SurveyAsync(this);
        }, () =>
        {
            if (reply is not { } came) Finish(connection, execution, outcome);
            else FinishThere(connection, execution, came);
            if (surveys.Exists(survey => survey.HasFlushed)) Tracking.Flushed();
        });
    }

    private void FinishThere(RespConnection connection, TransactionExecution execution, NativeReply reply)
    {
        if (!connection.IsClosed)
        {
            if (reply.Fault is { } fault) connection.Reply.Error($"TIERDOWN {fault}");
            else if (reply.IsError) connection.Reply.Raw(reply.Frame);
            else execution.Write(connection);
        }

        if (!reply.IsError && !execution.IsAborted)
            foreach (var key in execution.WrittenKeys) Tracking.Written(connection, key);
        execution.Release();
    }
}
