using System.Diagnostics;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.Resp.Commands;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    private readonly KeyCall _call = new();

    /// <summary>Unix milliseconds, by the wall clock.</summary>
    public long UnixMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>One command of a client: refuses, queues or runs it.</summary>
    public void Execute(RespConnection connection, RespArguments arguments)
    {
        Statistics.TotalCommands++;
        var start = connection.Reply.Length;
        if (Commands.Find(arguments) is not { } command)
        {
            connection.State.LastCommand = "NULL";
            if (IsFromBrowser(arguments))
            {
                Statistics.TotalErrors++;
                connection.IsLeaving = true;
                return;
            }

            var isContainer = Commands.FindTop(arguments[0]) is not null;
            Refuse(connection, isContainer && arguments.Count > 1 ? Errors.UnknownSubcommand(arguments)
                : isContainer ? Errors.Arity(arguments.Text(0).ToLowerInvariant())
                : RedisOnly.IsOfWholeServer(arguments.Text(0)) ? Errors.OfWholeServer(arguments.Text(0).ToLowerInvariant())
                : Errors.Unknown(arguments));
        }
        else if (command.IsPassed && Native is null) Refuse(connection, CommandTable.NeedsRedisTier(arguments));
        else if (Fault(connection, command, arguments) is { } fault) Refuse(connection, fault);
        else if (connection.State.Transaction.IsOpen && ReferenceEquals(command, Commands.Watch)) connection.Reply.Error("ERR WATCH inside MULTI is not allowed");
        else if (PausesWrites && MayWrite(connection, command)) WaitToWrite(connection, arguments);
        else if (connection.State.Transaction.IsOpen && !command.Flags.HasFlag(CommandFlags.Transaction)) Queue(connection, command, arguments);
        else Dispatch(connection, command, arguments);
        Mute(connection, start);
        if (connection.State is { Tracking: { NextCaching: not null } tracking, LastCommand: not "client|caching", Transaction.IsOpen: false }) tracking.NextCaching = null;
    }

    // A page in a browser can make it post to localhost, with Redis commands as the body: no client says either of these.
    private static bool IsFromBrowser(RespArguments arguments) => arguments.Is(0, "post"u8) || arguments.Is(0, "host:"u8);

    private static string? Fault(RespConnection connection, Command command, RespArguments arguments)
    {
        var state = connection.State;
        state.LastCommand = command.Name;
        if (!command.TakesCount(arguments.Count)) return Errors.Arity(command.Name);
        if (state.IsSubscribed && connection.Reply.Protocol == 2 && !command.Flags.HasFlag(CommandFlags.WhileSubscribed))
            return $"ERR Can't execute '{command.Name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
        if (state.Transaction.IsOpen && command.Flags.HasFlag(CommandFlags.NoMulti)) return "ERR Command not allowed inside a transaction";
        return KeyFault(command, arguments);
    }

    private static string? KeyFault(Command command, RespArguments arguments)
    {
        if (command.Keys.First == 0) return null;
        var last = command.Keys.LastOf(arguments.Count);
        for (var i = command.Keys.First; i <= last && i < arguments.Count; i += command.Keys.Step)
        {
            if (arguments.LengthOf(i) > MostKeyBytes) return Errors.KeyTooLong;
            if (ReservedKeys.IsReserved(arguments[i])) return Errors.KeyReserved;
        }

        return null;
    }

    /// <summary>What the disk tier takes for an id.</summary>
    public const int MostKeyBytes = 64 * 1024;

    // EXEC writes when what was queued does; a script may, whatever it does in the end.
    private static bool MayWrite(RespConnection connection, Command command)
        => command.IsWrite || command.Name is "eval" or "evalsha" or "publish" or "pfcount" || (command.Name == "exec" && connection.State.Transaction.Queue.Exists(queued => MayWrite(connection, queued.Command)));

    private static void WaitToWrite(RespConnection connection, RespArguments arguments) => connection.Deferred = arguments.Detached();

    /// <summary>CLIENT REPLY: what a client does not want to hear is taken back.</summary>
    private static void Mute(RespConnection connection, int start)
    {
        var state = connection.State;
        if (state.ReplyMode == ReplyMode.On) return;
        if (state.ReplyMode is ReplyMode.Off or ReplyMode.Skip) connection.Output.TakeBack(start);
        state.ReplyMode = state.ReplyMode switch { ReplyMode.SkipNext => ReplyMode.Skip, ReplyMode.Skip => ReplyMode.On, var mode => mode };
    }

    private void Refuse(RespConnection connection, string error)
    {
        Statistics.TotalErrors++;
        var transaction = connection.State.Transaction;
        if (connection.State.LastCommand == "exec")
        {
            transaction.Close();
            error = $"EXECABORT Transaction discarded because of: {error.AsSpan("ERR ".Length)}";
        }

        transaction.IsSpoiled |= transaction.IsOpen;
        connection.Reply.Error(Encoding.Latin1.GetBytes(error));
    }

    private void Queue(RespConnection connection, Command command, RespArguments arguments)
    {
        var transaction = connection.State.Transaction;
        transaction.QueuedBytes += arguments.BytesOf() + (arguments.Count * 16L) + 64;
        if (transaction.QueuedBytes > Options.MostQueuedBytes)
        {
            connection.Reply.Error($"ERR the transaction holds more than {Options.MostQueuedBytes} bytes: send it in parts");
            connection.IsLeaving = true;
            return;
        }

        transaction.Queue.Add((command, arguments.Detached()));
        connection.Reply.Simple("QUEUED"u8);
    }

    private void Dispatch(RespConnection connection, Command command, RespArguments arguments)
    {
        if (ReferenceEquals(command, Commands.Get))
        {
            if (TryGetFromMemory(connection, arguments)) return;
        }
        else if (ReferenceEquals(command, Commands.Set) && ((arguments.Count == 3 && TrySetInMemory(connection, arguments)) || TrySetShared(connection, arguments))) return;

        var started = Stopwatch.GetTimestamp();
        if (command.OnConnection is { } onConnection) onConnection(connection, arguments);
        else if (command.IsPassed) Pass(connection, command, arguments);
        else if (ReferenceEquals(command, Commands.Watch) && MayBeNative) WatchNatively(connection, arguments);
        else if (command.OnSurvey is not null) Survey(connection, command, arguments);
        else Edit(connection, command, arguments);
        if (!command.Flags.HasFlag(CommandFlags.SkipSlowLog)) RecordSlow(connection, arguments, started);
    }

    private void RecordSlow(RespConnection connection, RespArguments arguments, long started)
    {
        var took = (long)Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        if (Settings.SlowLogMicroseconds >= 0 && took >= Settings.SlowLogMicroseconds)
            SlowLog.Add(arguments, connection, took, Settings.SlowLogLength);
    }

    private void Edit(RespConnection connection, Command command, RespArguments arguments)
    {
        var reply = connection.Reply;
        var start = reply.Length;
        Prepare(_call);
        _call.Begin(command, arguments, reply);
        if (Engine.TryEdit(_call.Scope, _call, out var outcome) && !_call.HasStopped)
        {
            Done(connection, _call, outcome, start);
            if (outcome.NeedsAck) HoldReply(connection, outcome, start);
            _call.Scope.Begin(isReadOnly: true);
            return;
        }

        reply.Truncate(start);
        _call.ForgetInserts();
        _call.Scope.Begin(isReadOnly: true);
        EditElsewhere(connection, command, arguments.Shared());
    }

    internal void Prepare(KeyCall call)
        => (call.MaxStringBytes, call.WantsEvents, call.StopsAtAbsent) = (Options.MaxBulkBytes, Settings.Events != KeyEventClass.None, MayBeNative);

    /// <summary>An edit is over: the reply is right, or becomes an error, or waits for the ack level; who listens hears of it.</summary>
    private void Done(RespConnection connection, KeyCall call, EditOutcome outcome, int start)
    {
        var error = ErrorOf(outcome);
        if (error is null && !connection.IsClosed) call.MoveInserts(connection.Output, start);
        else call.ForgetInserts();
        if (error is not null && !connection.IsClosed)
        {
            connection.Reply.Truncate(start);
            connection.Reply.Error(error);
        }

        if (error is not null && outcome.Status != WriteStatus.Accepted) return;
        if (!connection.IsClosed) call.Command.OnDone?.Invoke(connection, call);
        if (call.Command.Flags.HasFlag(CommandFlags.ReadOnly))
            foreach (var key in call.KeysOf()) Tracking.Read(connection, key.Span);
        AnnounceWrites(connection, call);
    }

    /// <summary>Those who track or listen hear of what an edit has changed.</summary>
    private void AnnounceWrites(RespConnection connection, KeyCall call)
    {
        for (var i = 0; i < call.Scope.Count; i++)
            if (call.Scope[i].IsWritten) Tracking.Written(connection, call.Scope[i].Key.Span);
        foreach (var happened in call.Events) PubSub.Notify(happened);
        call.Events.Clear();
    }
}
