using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// EXEC where Redis has a part in it. Without a key or command of Redis it is an edit like any other. Else all of it runs there: 1. what
/// was watched is as it was, 2. its sessions are handed over, 3. MULTI, the commands, EXEC on a line of its own.
/// </summary>
/// <remarks>
/// A watched key that is no session is watched by Redis, on the line. One that is a session is watched there from the moment at which its
/// content is written, before the session goes: until then everybody takes the session for the key.
/// </remarks>
internal sealed class NativeTransactions(TierEngine engine, NativeKeyspace keyspace, NativeMark mark, NativeScripts scripts)
{
    /// <summary>Null: it was an edit, with the outcome given.</summary>
    public async ValueTask<(NativeReply? Reply, EditOutcome Outcome)> RunAsync(TransactionExecution execution, NativeLine? line, int protocol)
    {
        if (keyspace.Server is not { } server) return execution.HasPassed ? (NativeCommands.NotReached, default) : (null, await EditAsync(execution, stopsAtAbsent: false));
        if (!execution.HasPassed)
        {
            if (line is not null && await IsTouchedAsync(line)) return Aborted(execution);
            var outcome = await EditAsync(execution, stopsAtAbsent: mark.MayHold);
            if (!execution.HasStopped) return (null, outcome);
            var (held, _) = await NativeKeyspace.HeldAsync(server, execution.Keys, CancellationToken.None);
            if (held is null or { Count: 0 }) return (null, await EditAsync(execution, stopsAtAbsent: false));
        }

        if (line is not null) return (await RunThereAsync(server, execution, line, protocol), default);
        var near = execution.Keys is [var first, ..] ? server.KeyOf(first) : null;
        var (opened, fault) = await server.OpenLineAsync(near, protocol, CancellationToken.None);
        if (opened is null) return (new NativeReply([], fault), default);
        await using (opened) return (await RunThereAsync(server, execution, opened, protocol), default);
    }

    private async ValueTask<EditOutcome> EditAsync(TransactionExecution execution, bool stopsAtAbsent)
    {
        execution.StopsAtAbsent = stopsAtAbsent;
        var outcome = await engine.EditAsync(execution.Shared.Scope, execution, CancellationToken.None);
        return outcome.NeedsAck ? await engine.AckAsync(outcome) : outcome;
    }

    private async ValueTask<NativeReply> RunThereAsync(NativeServer server, TransactionExecution execution, NativeLine line, int protocol)
    {
        mark.Set(server);
        if (await PrepareAsync(server, execution, line) is { } obstacle) return obstacle;
        var parts = execution.PartsInRedis;
        if (await line.CallAsync(["MULTI"u8.ToArray()], CancellationToken.None) is { IsError: true } refused) return refused;
        foreach (var part in parts)
        {
            var request = new NativeRequest(part.Command.Fact!, part.Arguments, protocol);
            var words = NativeScripts.IsEval(request.Fact)
                ? await scripts.WordsAsync(server, request, CancellationToken.None)
                : request.WordsWith(key => server.KeyOf(key));
            // A script that nobody knows fails when it is run, as the others' faults do.
            words ??= ["EVALSHA"u8.ToArray(), new byte[40].Select(_ => (byte)'0').ToArray(), "0"u8.ToArray()];
            if (await line.CallAsync(words, CancellationToken.None) is { Fault: not null } broken) return broken;
        }

        var reply = await line.CallAsync(["EXEC"u8.ToArray()], CancellationToken.None);
        if (reply.IsError) return reply;
        if (reply.IsNull)
        {
            execution.Abort();
            return reply;
        }

        var elements = ReplyFrames.Elements(reply.Frame);
        for (var i = 0; i < parts.Count; i++)
        {
            parts[i].Reply.Truncate(0);
            parts[i].Reply.Raw(ReplyNames.Stripped(parts[i].Command.Name, elements[i].ToArray(), server));
        }

        return reply;
    }

    /// <summary>Watched keys are compared, sessions handed over. What stands in the way, as a reply.</summary>
    private async ValueTask<NativeReply?> PrepareAsync(NativeServer server, TransactionExecution execution, NativeLine line)
    {
        var watched = execution.Watched;
        var (seen, fault) = await keyspace.LookAsync([.. watched.Keys], withContent: false, CancellationToken.None);
        if (seen is null) return new NativeReply([], fault);
        if (seen.Any(session => session.Fingerprint != watched[session.Key])) return AbortedReply(execution);
        foreach (var key in execution.Keys)
        {
            var isWatched = watched.TryGetValue(key, out var fingerprint) && fingerprint != 0;
            Func<ValueTask<string?>>? watch = isWatched
                ? async () => await line.CallAsync(["WATCH"u8.ToArray(), server.KeyOf(key)], CancellationToken.None) is { IsError: true } refused ? refused.ErrorText : null
                : null;
            var refusal = await keyspace.HandOverAsync(server, key, isWatched ? fingerprint : null, watch, CancellationToken.None);
            if (refusal == NativeKeyspace.Changed) return AbortedReply(execution);
            if (refusal is not null) return new NativeReply([], refusal);
        }

        return null;
    }

    // A transaction of nothing tells whether what the line watches has changed.
    private static async ValueTask<bool> IsTouchedAsync(NativeLine line)
    {
        if (await line.CallAsync(["MULTI"u8.ToArray()], CancellationToken.None) is { IsError: true }) return true;
        return await line.CallAsync(["EXEC"u8.ToArray()], CancellationToken.None) is { IsError: true } or { IsNull: true };
    }

    private static (NativeReply? Reply, EditOutcome Outcome) Aborted(TransactionExecution execution) => (AbortedReply(execution), default);

    private static NativeReply AbortedReply(TransactionExecution execution)
    {
        execution.Abort();
        using var writer = new RespWriter();
        writer.NullArray();
        return new NativeReply(writer.Written.ToArray(), null);
    }
}
