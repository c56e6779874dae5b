using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>SLOWLOG: what took long on the event thread.</summary>
internal static class Diagnostics
{
    private const int UsuallyShown = 10;

    public static IReadOnlyList<Command> Commands { get; } =
    [
        new("slowlog", -2, CommandFlags.Admin)
        {
            Subcommands =
            [
                Command.Of("slowlog|get", -2, CommandFlags.Admin, Get),
                Command.Of("slowlog|len", 2, CommandFlags.Admin, (connection, _) => connection.Reply.Integer(connection.Server.SlowLog.Count)),
                Command.Of("slowlog|reset", 2, CommandFlags.Admin, Reset),
                Command.Of("slowlog|help", 2, CommandFlags.None, (connection, _) => HelpText.Write(connection, "SLOWLOG", "GET [<count>]", "LEN", "RESET")),
            ],
        },
    ];

    private static void Get(RespConnection connection, RespArguments arguments)
    {
        var count = (long)UsuallyShown;
        if (arguments.Count > 3)
        {
            connection.Reply.Error(Errors.Arity("slowlog|get"));
            return;
        }

        if (arguments.Count == 3 && (!arguments.TryInteger(2, out count) || count < -1))
        {
            connection.Reply.Error("ERR count should be greater than or equal to -1");
            return;
        }

        var shown = connection.Server.SlowLog.Entries.Take(count < 0 ? int.MaxValue : (int)Math.Min(count, int.MaxValue)).ToList();
        connection.Reply.Array(shown.Count);
        foreach (var entry in shown) Write(connection, entry);
    }

    private static void Write(RespConnection connection, SlowEntry entry)
    {
        var reply = connection.Reply;
        reply.Array(6);
        reply.Integer(entry.Id);
        reply.Integer(entry.UnixSeconds);
        reply.Integer(entry.Microseconds);
        reply.Array(entry.Arguments.Length);
        foreach (var argument in entry.Arguments) reply.Bulk(argument);
        reply.Bulk(entry.Address);
        reply.Bulk(entry.Name);
    }

    private static void Reset(RespConnection connection, RespArguments arguments)
    {
        connection.Server.SlowLog.Clear();
        connection.Reply.Simple("OK"u8);
    }
}
