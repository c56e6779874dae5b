using TierOperator.Policy.Compiled;
using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Commands;
using TierOperator.Sidecar.Resp.Native;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    /// <summary>Each holds a connection to Redis.</summary>
    private const int MostBlocked = 1_000;
    private int _blocked;

    /// <summary>What Redis itself does for clients; null where the policy has none.</summary>
    public NativeWorld? Native { get; }

    /// <summary>Redis may hold keys of the app: what is no session here may be one of those.</summary>
    private bool MayBeNative => Native is { Mark.MayHold: true };

    /// <summary>A command that only Redis has.</summary>
    private void Pass(RespConnection connection, Command command, RespArguments arguments)
    {
        var request = new NativeRequest(command.Fact!, arguments.Detached(), connection.Reply.Protocol);
        if (FaultOf(request) is { } fault)
        {
            connection.Reply.Error(fault);
            return;
        }

        if (request.Fact.Blocks)
        {
            PassBlocking(connection, request);
            return;
        }

        NativeReply reply = default;
        Elsewhere(connection, async () => reply = await Native!.Commands.RunAsync(request, CancellationToken.None), () => Answer(connection, request, reply));
    }

    private void PassBlocking(RespConnection connection, NativeRequest request)
    {
        if (_blocked >= MostBlocked)
        {
            connection.Reply.Error($"ERR {MostBlocked} clients wait in blocking commands already: retry later");
            return;
        }

        _blocked++;
        NativeReply? reply = null;
        var token = connection.Block();
        Elsewhere(connection, async () =>
        {
            try
            {
                reply = await Native!.Commands.RunAsync(request, token);
            }
            catch (OperationCanceledException)
            {
                // The client has gone: nobody waits for a reply.
            }
        }, () =>
        {
            _blocked--;
            connection.Unblock();
            if (reply is { } came) Answer(connection, request, came);
        });
    }

    /// <summary>Why a command cannot be passed on; its keys are checked as every command's are.</summary>
    private static string? FaultOf(NativeRequest request)
    {
        foreach (var key in request.Keys)
        {
            if (key.Length > MostKeyBytes) return Errors.KeyTooLong;
            if (ReservedKeys.IsReserved(key)) return Errors.KeyReserved;
        }

        return request.Fact.Name is "sort" or "sort_ro" && PatternOf(request.Arguments) is { } option ? Errors.SortPattern(option) : null;
    }

    // BY and GET with an asterisk read keys that nobody has named.
    private static string? PatternOf(RespArguments arguments)
    {
        for (var i = 2; i < arguments.Count - 1; i++)
        {
            if (arguments.Is(i, "limit"u8)) i += 2;
            else if ((arguments.Is(i, "by"u8) || arguments.Is(i, "get"u8)) && arguments[++i].Contains((byte)'*')) return arguments.Text(i - 1).ToUpperInvariant();
        }

        return null;
    }

    /// <summary>Redis' answer is the client's; without one it hears that the tier is away.</summary>
    private void Answer(RespConnection connection, NativeRequest request, NativeReply reply)
    {
        if (!connection.IsClosed)
        {
            if (reply.Fault is { } fault) connection.Reply.Error($"TIERDOWN {fault}");
            else connection.Reply.Raw(reply.Frame);
        }

        if (reply.IsError) return;
        if (request.Fact.IsWrite || NativeCommands.TakesOver(request.Fact))
            foreach (var place in request.Places.Where(place => place.Use.Writes)) Tracking.Written(connection, request.Arguments[place.Argument]);
        else
            foreach (var key in request.Keys) Tracking.Read(connection, key);
    }

    /// <summary>PUBLISH: through Redis where there is one, so that the clients of every sidecar hear it, else here.</summary>
    public void Publish(RespConnection connection, RespArguments arguments)
    {
        if (Native is not { } native)
        {
            connection.Reply.Integer(PubSub.Publish(arguments[1], arguments[2]));
            return;
        }

        var own = arguments.Detached();
        // Within EXEC the reply must stand at once; the message goes its way.
        if (connection.IsBusy || connection.State.LastCommand == "exec")
        {
            connection.Reply.Integer(PubSub.CountReceivers(own[1].ToArray()));
            _ = native.Channels.PublishAsync(own.Memory(1), own.Memory(2));
            return;
        }

        PublishedMessage? published = null;
        Elsewhere(connection, async () => published = await native.Channels.PublishAsync(own.Memory(1), own.Memory(2)), () =>
        {
            var here = published is { ComesBack: true } ? PubSub.CountReceivers(own[1].ToArray()) : PubSub.Publish(own[1], own[2]);
            if (!connection.IsClosed) connection.Reply.Integer(Math.Max(here, published?.Reached ?? 0));
        });
    }

    /// <summary>An edit that memory alone cannot answer; of a key that is no session, Redis is asked too.</summary>
    private void EditElsewhere(RespConnection connection, Command command, RespArguments arguments)
    {
        var reply = connection.Reply;
        var own = new KeyCall();
        Prepare(own);
        var writer = new RespWriter { Protocol = reply.Protocol };
        own.Begin(command, arguments, writer);
        EditOutcome slow = default;
        NativeReply? native = null;
        Elsewhere(connection, async () =>
        {
            slow = await Engine.EditAsync(own.Scope, own, CancellationToken.None);
            if (own.HasStopped)
            {
                native = await Native!.Own.TryRunAsync(new NativeRequest(command.Fact!, own.Arguments, reply.Protocol));
                own.StopsAtAbsent = false;
                if (native is null) slow = await Engine.EditAsync(own.Scope, own, CancellationToken.None);
            }

            if (slow.NeedsAck) slow = await Engine.AckAsync(slow);
        }, () =>
        {
            if (native is { } there)
            {
                Answer(connection, new NativeRequest(command.Fact!, own.Arguments, reply.Protocol), there);
                End();
                return;
            }

            var at = reply.Length;
            if (!connection.IsClosed) reply.Raw(writer.Written.Span);
            Done(connection, own, slow, at);
            End();
        });

        void End()
        {
            own.ForgetInserts();
            own.Scope.Begin(isReadOnly: true);
            own.Arguments.Release();
            writer.Dispose();
        }
    }
}
