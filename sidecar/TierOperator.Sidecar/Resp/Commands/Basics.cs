using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>PING, ECHO, SELECT, QUIT, RESET, TIME, WAIT: what every client says first and last.</summary>
internal static class Basics
{
    private const CommandFlags Usual = CommandFlags.Fast;

    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Of("ping", -1, Usual | CommandFlags.WhileSubscribed, Ping),
        Command.Of("echo", 2, Usual, (connection, arguments) => connection.Reply.Bulk(arguments[1])),
        Command.Of("select", 2, Usual, Select),
        Command.Of("quit", -1, Usual | CommandFlags.WhileSubscribed | CommandFlags.Transaction, Quit),
        Command.Of("reset", 1, Usual | CommandFlags.WhileSubscribed | CommandFlags.Transaction, Reset),
        Command.Of("time", 1, Usual, Time),
        Command.Of("wait", 3, CommandFlags.None, Wait),
    ];

    private static void Ping(RespConnection connection, RespArguments arguments)
    {
        var reply = connection.Reply;
        if (arguments.Count > 2) reply.Error(Errors.Arity("ping"));
        else if (connection.State.IsSubscribed && reply.Protocol == 2)
        {
            reply.Array(2);
            reply.Bulk("pong"u8);
            reply.Bulk(arguments.Count == 2 ? arguments[1] : default);
        }
        else if (arguments.Count == 2) reply.Bulk(arguments[1]);
        else reply.Simple("PONG"u8);
    }

    private static void Select(RespConnection connection, RespArguments arguments)
    {
        if (!arguments.TryInteger(1, out var database) || database is < int.MinValue or > int.MaxValue) connection.Reply.Error(Errors.NotInteger);
        else if (database != 0) connection.Reply.Error("ERR DB index is out of range");
        else connection.Reply.Simple("OK"u8);
    }

    private static void Quit(RespConnection connection, RespArguments arguments)
    {
        connection.Reply.Simple("OK"u8);
        connection.IsLeaving = true;
    }

    private static void Reset(RespConnection connection, RespArguments arguments)
    {
        var state = connection.State;
        state.Transaction.Close();
        connection.Server.PubSub.Forget(connection);
        connection.Server.Tracking.Turn(connection, null);
        (state.Name, state.ReplyMode, state.IsNoEvict) = ("", ReplyMode.On, false);
        connection.Reply.Protocol = 2;
        connection.Reply.Simple("RESET"u8);
    }

    private static void Time(RespConnection connection, RespArguments arguments)
    {
        var now = connection.Server.Time.GetUtcNow();
        connection.Reply.Array(2);
        connection.Reply.BulkInteger(now.ToUnixTimeSeconds());
        connection.Reply.BulkInteger(now.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
    }

    // There are no replicas: at once, as Redis answers a server without any.
    private static void Wait(RespConnection connection, RespArguments arguments)
    {
        if (!arguments.TryInteger(1, out _)) connection.Reply.Error(Errors.NotInteger);
        else if (!arguments.TryInteger(2, out var timeout)) connection.Reply.Error("ERR timeout is not an integer or out of range");
        else if (timeout < 0) connection.Reply.Error("ERR timeout is negative");
        else connection.Reply.Integer(0);
    }
}
