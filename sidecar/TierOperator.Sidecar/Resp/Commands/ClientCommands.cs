using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>CLIENT: names, lists and ends connections, holds them back, and mutes replies. Tracking is in <see cref="ClientTracking"/>.</summary>
internal static class ClientCommands
{
    public const string BadName = "ERR Client names cannot contain spaces, newlines or special characters.";

    public static IReadOnlyList<Command> Commands { get; } =
    [
        new("client", -2, CommandFlags.None)
        {
            Subcommands =
            [
                Command.Of("client|id", 2, CommandFlags.None, (connection, _) => connection.Reply.Integer(connection.Id)),
                Command.Of("client|getname", 2, CommandFlags.None, GetName),
                Command.Of("client|setname", 3, CommandFlags.None, SetName),
                Command.Of("client|info", 2, CommandFlags.None, (connection, _) => connection.Reply.Verbatim("txt"u8, Bytes(ClientLine.Of(connection) + "\n"))),
                Command.Of("client|list", -2, CommandFlags.None, List),
                Command.Of("client|kill", -3, CommandFlags.None, ClientKill.Run),
                Command.Of("client|pause", -3, CommandFlags.None, Pause),
                Command.Of("client|unpause", 2, CommandFlags.None, Unpause),
                Command.Of("client|no-evict", 3, CommandFlags.None, NoEvict),
                Command.Of("client|reply", 3, CommandFlags.None, Reply),
                .. ClientTracking.Subcommands,
                Command.Of("client|help", 2, CommandFlags.None, (connection, _) => HelpText.Write(connection, "CLIENT",
                    "CACHING (YES|NO)", "GETNAME", "GETREDIR", "ID", "INFO", "KILL <option>", "LIST [options ...]", "NO-EVICT (ON|OFF)",
                    "PAUSE <timeout> [WRITE|ALL]", "REPLY (ON|OFF|SKIP)", "SETNAME <name>", "TRACKING (ON|OFF) [options ...]", "TRACKINGINFO", "UNPAUSE")),
            ],
        },
    ];

    public static bool IsName(string name) => name.All(letter => letter is >= '!' and <= '~');

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static void GetName(RespConnection connection, RespArguments arguments)
    {
        if (connection.State.Name.Length == 0) connection.Reply.Null();
        else connection.Reply.Bulk(connection.State.Name);
    }

    private static void SetName(RespConnection connection, RespArguments arguments)
    {
        var name = arguments.Text(2);
        if (!IsName(name))
        {
            connection.Reply.Error(BadName);
            return;
        }

        connection.State.Name = name;
        connection.Reply.Simple("OK"u8);
    }

    private static void List(RespConnection connection, RespArguments arguments)
    {
        var chosen = connection.Server.Connections;
        if (arguments.Count >= 4 && arguments.Is(2, "id"u8))
        {
            var ids = new HashSet<long>();
            for (var i = 3; i < arguments.Count; i++)
            {
                if (!arguments.TryInteger(i, out var id))
                {
                    connection.Reply.Error("ERR Invalid client ID");
                    return;
                }

                ids.Add(id);
            }

            chosen = chosen.Where(client => ids.Contains(client.Id));
        }
        else if (arguments.Count == 4 && arguments.Is(2, "type"u8))
        {
            if (ClientKill.ChoiceOf(arguments.Text(3)) is not { } choice)
            {
                connection.Reply.Error($"ERR Unknown client type '{arguments.Text(3)}'");
                return;
            }

            chosen = chosen.Where(choice);
        }
        else if (arguments.Count != 2)
        {
            connection.Reply.Error(Errors.Syntax);
            return;
        }

        connection.Reply.Verbatim("txt"u8, Bytes(string.Concat(chosen.Select(client => ClientLine.Of(client) + "\n"))));
    }

    private static void Pause(RespConnection connection, RespArguments arguments)
    {
        var onlyWrites = arguments.Count == 4 && arguments.Is(3, "write"u8);
        if (arguments.Count > 4 || (arguments.Count == 4 && !onlyWrites && !arguments.Is(3, "all"u8))) connection.Reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
        else if (!arguments.TryInteger(2, out var milliseconds)) connection.Reply.Error("ERR timeout is not an integer or out of range");
        else if (milliseconds < 0) connection.Reply.Error("ERR timeout is negative");
        else
        {
            connection.Server.Pause(Environment.TickCount64 + Math.Min(milliseconds, int.MaxValue), onlyWrites);
            connection.Reply.Simple("OK"u8);
        }
    }

    private static void Unpause(RespConnection connection, RespArguments arguments)
    {
        connection.Reply.Simple("OK"u8);
        connection.Server.Soon(connection.Server.Unpause);
    }

    private static void NoEvict(RespConnection connection, RespArguments arguments)
    {
        if (!arguments.Is(2, "on"u8) && !arguments.Is(2, "off"u8))
        {
            connection.Reply.Error(Errors.Syntax);
            return;
        }

        connection.State.IsNoEvict = arguments.Is(2, "on"u8);
        connection.Reply.Simple("OK"u8);
    }

    private static void Reply(RespConnection connection, RespArguments arguments)
    {
        var state = connection.State;
        if (arguments.Is(2, "on"u8))
        {
            state.ReplyMode = ReplyMode.On;
            connection.Reply.Simple("OK"u8);
        }
        else if (arguments.Is(2, "off"u8)) state.ReplyMode = ReplyMode.Off;
        else if (arguments.Is(2, "skip"u8)) state.ReplyMode = state.ReplyMode == ReplyMode.Off ? ReplyMode.Off : ReplyMode.SkipNext;
        else connection.Reply.Error(Errors.Syntax);
    }
}
