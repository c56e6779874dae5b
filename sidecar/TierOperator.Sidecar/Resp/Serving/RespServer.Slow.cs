using TierOperator.Policy.Compiled;
using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Commands;
using TierOperator.Sidecar.Resp.Native;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    /// <summary>Whether FLUSHALL may remove this policy's keys: as it says, else unless PostgreSQL keeps them.</summary>
    public bool MayFlush
    {
        get
        {
            var running = Policy.Now.Running;
            return running.Document.Spec?.Resp?.AllowFlush ?? !running.Compiled.DeclaredTiers.HasFlag(TierSet.Postgres);
        }
    }

    /// <summary>
    /// A plain SET of a key that a tier outside may hold: it asks nobody, so it works under Degrade while that tier is away. False:
    /// it has conditions, and is decided like any other edit.
    /// </summary>
    private bool TrySetShared(RespConnection connection, RespArguments arguments)
    {
        var now = UnixMs;
        if (!Engine.IsShared(arguments[1]) || !PlainSet.TryDeadline(arguments, now, out var deadline)) return false;
        var own = arguments.Shared();
        EditOutcome outcome = default;
        NativeReply? native = null;
        var request = MayBeNative ? new NativeRequest(Commands.Set.Fact!, own, connection.Reply.Protocol) : null;
        Elsewhere(connection, async () =>
        {
            if (request is not null) native = await Native!.Own.TryRunAsync(request);
            if (native is not null) return;
            var item = new ItemWrite(KeyCall.StringItemName, "application/octet-stream", own.Value(2));
            outcome = await Engine.PutStringAsync(own.Memory(1), item, deadline, CancellationToken.None);
        }, () =>
        {
            own.Release();
            if (native is { } reply)
            {
                Answer(connection, request!, reply);
                return;
            }

            Tracking.Written(connection, own[1]);
            PubSub.Notify(new KeyEvent(KeyEventClass.String, "set", own[1].ToArray()));
            if (deadline is not null) PubSub.Notify(new KeyEvent(KeyEventClass.Generic, "expire", own[1].ToArray()));
            if (connection.IsClosed) return;
            if (ErrorOf(outcome) is { } error) connection.Reply.Error(error);
            else connection.Reply.Simple("OK"u8);
        });
        return true;
    }

    /// <summary>Runs a command over unnamed keys on the pool.</summary>
    private void Survey(RespConnection connection, Command command, RespArguments arguments)
    {
        var call = new SurveyCall(Engine, arguments.Detached(), new RespWriter { Protocol = connection.Reply.Protocol }, MayFlush) { Native = Native?.Surveys };
        Elsewhere(connection, () => command.OnSurvey!(call), () =>
        {
            if (!connection.IsClosed) connection.Reply.Raw(call.Reply.Written.Span);
            if (call.HasFlushed) Tracking.Flushed();
            call.Reply.Dispose();
        });
    }

    /// <summary>EXEC. The line, where there is one, is given back here.</summary>
    public void Execute(RespConnection connection, TransactionExecution execution, NativeLine? line)
    {
        if (line is not null || execution.HasPassed || MayBeNative)
        {
            ExecuteAcross(connection, execution, line);
            return;
        }

        var start = connection.Reply.Length;
        EditOutcome outcome = default;
        if (!execution.HasSurveys && Engine.TryEdit(execution.Shared.Scope, execution, out outcome))
        {
            Finish(connection, execution, outcome);
            if (outcome.NeedsAck) HoldReply(connection, outcome, start);
            return;
        }

        List<SurveyCall> surveys = [];
        Elsewhere(connection, async () =>
        {
            outcome = await Engine.EditAsync(execution.Shared.Scope, execution, CancellationToken.None);
            if (outcome.NeedsAck) outcome = await Engine.AckAsync(outcome);
            surveys = await execution.SurveyAsync(this);
        }, () =>
        {
            Finish(connection, execution, outcome);
            if (surveys.Exists(survey => survey.HasFlushed)) Tracking.Flushed();
        });
    }

    private void Finish(RespConnection connection, TransactionExecution execution, EditOutcome outcome)
    {
        var error = ErrorOf(outcome);
        if (!connection.IsClosed)
        {
            if (error is not null) connection.Reply.Error(error);
            else execution.Write(connection);
        }

        if (error is null && !execution.IsAborted)
        {
            foreach (var key in execution.ReadKeys()) Tracking.Read(connection, key.Span);
            AnnounceWrites(connection, execution.Shared);
        }

        execution.Release();
    }

    /// <summary>Does work on the pool while the connection is busy, then ends it on the event thread.</summary>
    internal void Elsewhere(RespConnection connection, Func<ValueTask> work, Action end)
    {
        connection.IsBusy = true;
        Statistics.TotalSlow++;
        _ = Task.Run(async () =>
        {
            Exception? failure = null;
            try
            {
                await work();
            }
            catch (Exception error)
            {
                LogCommandFailed(_log, error);
                failure = error;
            }

            Post(() =>
            {
                connection.IsBusy = false;
                if (failure is null) end();
                else if (!connection.IsClosed) connection.Reply.Error("ERR internal error: it stands in the sidecar's log");
                connection.Process();
            });
        }, CancellationToken.None);
    }
}
