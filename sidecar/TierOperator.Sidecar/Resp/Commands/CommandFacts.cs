using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>COMMAND and its subcommands: what this listener understands, told from its own table.</summary>
internal static class CommandFacts
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        new("command", -1, CommandFlags.None)
        {
            Alone = (connection, _) => WriteAll(connection, [.. connection.Server.Commands.All]),
            Subcommands =
            [
                Command.Of("command|count", 2, CommandFlags.None, (connection, _) => connection.Reply.Integer(connection.Server.Commands.All.Count())),
                Command.Of("command|list", -2, CommandFlags.None, List),
                Command.Of("command|info", -2, CommandFlags.None, Info),
                Command.Of("command|docs", -2, CommandFlags.None, Docs),
                Command.Of("command|getkeys", -4, CommandFlags.None, (connection, arguments) => Keys(connection, arguments, withFlags: false)),
                Command.Of("command|getkeysandflags", -4, CommandFlags.None, (connection, arguments) => Keys(connection, arguments, withFlags: true)),
                Command.Of("command|help", 2, CommandFlags.None, (connection, _) => HelpText.Write(connection, "COMMAND",
                    "(no subcommand)", "COUNT", "LIST [FILTERBY (MODULE|ACLCAT|PATTERN) <value>]", "INFO [<command-name> ...]", "DOCS [<command-name> ...]",
                    "GETKEYS <full-command>", "GETKEYSANDFLAGS <full-command>")),
            ],
        },
    ];

    private static void WriteAll(RespConnection connection, List<Command> commands)
    {
        connection.Reply.Array(commands.Count);
        foreach (var command in commands) Write(connection.Reply, command);
    }

    private static void Write(RespWriter reply, Command command)
    {
        reply.Array(10);
        reply.Bulk(command.Name);
        reply.Integer(command.Arity);
        WriteFlags(reply, command);
        reply.Integer(command.Keys.First);
        reply.Integer(command.Keys.First == 0 ? 0 : command.Keys.Last);
        reply.Integer(command.Keys.Step);
        reply.Set(1);
        reply.Simple(command.IsWrite ? "@write"u8 : command.Flags.HasFlag(CommandFlags.ReadOnly) ? "@read"u8 : "@connection"u8);
        reply.Array(0);
        WriteSpecification(reply, command);
        reply.Array(command.Subcommands?.Count ?? 0);
        foreach (var sub in command.Subcommands ?? []) Write(reply, sub);
    }

    private static void WriteFlags(RespWriter reply, Command command)
    {
        (CommandFlags Flag, string Name)[] known =
        [
            (CommandFlags.Write, "write"), (CommandFlags.ReadOnly, "readonly"), (CommandFlags.Admin, "admin"), (CommandFlags.PubSub, "pubsub"),
            (CommandFlags.NoMulti, "no_multi"), (CommandFlags.Fast, "fast"), (CommandFlags.NoAuth, "no_auth"), (CommandFlags.SkipSlowLog, "skip_slowlog"),
        ];
        var flags = known.Where(one => command.Flags.HasFlag(one.Flag)).ToList();
        reply.Set(flags.Count);
        foreach (var (_, name) in flags) reply.Simple(System.Text.Encoding.ASCII.GetBytes(name));
    }

    private static void WriteSpecification(RespWriter reply, Command command)
    {
        if (command.Keys.First == 0)
        {
            reply.Array(0);
            return;
        }

        reply.Array(1);
        reply.Map(3);
        reply.Bulk("flags"u8);
        reply.Set(1);
        reply.Simple(command.IsWrite ? "RW"u8 : "RO"u8);
        reply.Bulk("begin_search"u8);
        reply.Map(2);
        reply.Bulk("type"u8);
        reply.Bulk("index"u8);
        reply.Bulk("spec"u8);
        reply.Map(1);
        reply.Bulk("index"u8);
        reply.Integer(command.Keys.First);
        reply.Bulk("find_keys"u8);
        reply.Map(2);
        reply.Bulk("type"u8);
        reply.Bulk("range"u8);
        reply.Bulk("spec"u8);
        reply.Map(3);
        reply.Bulk("lastkey"u8);
        reply.Integer(command.Keys.Last > 0 ? command.Keys.Last - command.Keys.First : command.Keys.Last);
        reply.Bulk("keystep"u8);
        reply.Integer(command.Keys.Step);
        reply.Bulk("limit"u8);
        reply.Integer(0);
    }

    private static void List(RespConnection connection, RespArguments arguments)
    {
        var names = connection.Server.Commands.All.Select(command => command.Name);
        if (arguments.Count == 5 && arguments.Is(2, "filterby"u8) && (arguments.Is(3, "module"u8) || arguments.Is(3, "aclcat"u8))) names = Filtered(connection, arguments);
        else if (arguments.Count == 5 && arguments.Is(2, "filterby"u8) && arguments.Is(3, "pattern"u8))
        {
            var pattern = arguments[4].ToArray();
            names = names.Where(name => GlobPattern.IsMatch(pattern, System.Text.Encoding.ASCII.GetBytes(name)));
        }
        else if (arguments.Count != 2)
        {
            connection.Reply.Error(Errors.Syntax);
            return;
        }

        var listed = names.ToList();
        connection.Reply.Array(listed.Count);
        foreach (var name in listed) connection.Reply.Bulk(name);
    }

    private static IEnumerable<string> Filtered(RespConnection connection, RespArguments arguments)
    {
        if (arguments.Is(3, "module"u8)) return [];
        var category = arguments.Text(4);
        return connection.Server.Commands.All
            .Where(command => category == "write" ? command.IsWrite : category == "read" && command.Flags.HasFlag(CommandFlags.ReadOnly))
            .Select(command => command.Name);
    }

    private static void Info(RespConnection connection, RespArguments arguments)
    {
        if (arguments.Count == 2)
        {
            WriteAll(connection, [.. connection.Server.Commands.All]);
            return;
        }

        connection.Reply.Array(arguments.Count - 2);
        for (var i = 2; i < arguments.Count; i++)
        {
            if (connection.Server.Commands.FindNamed(arguments.Text(i)) is { } command) Write(connection.Reply, command);
            else connection.Reply.NullArray();
        }
    }

    private static void Docs(RespConnection connection, RespArguments arguments)
    {
        var chosen = arguments.Count == 2
            ? connection.Server.Commands.All.ToList()
            : [.. Enumerable.Range(2, arguments.Count - 2).Select(i => connection.Server.Commands.FindNamed(arguments.Text(i))).OfType<Command>()];
        connection.Reply.Map(chosen.Count);
        foreach (var command in chosen)
        {
            connection.Reply.Bulk(command.Name);
            connection.Reply.Map(1);
            connection.Reply.Bulk("group"u8);
            connection.Reply.Bulk(command.Group);
        }
    }

    private static void Keys(RespConnection connection, RespArguments arguments, bool withFlags)
    {
        var inner = arguments.From(2);
        var command = connection.Server.Commands.Find(inner);
        if (command is null) connection.Reply.Error("ERR Invalid command specified");
        else if (command.Keys.First == 0) connection.Reply.Error("ERR The command has no key arguments");
        else if (!command.TakesCount(inner.Count)) connection.Reply.Error("ERR Invalid number of arguments specified for command");
        else WriteKeys(connection.Reply, command, inner, withFlags);
    }

    private static void WriteKeys(RespWriter reply, Command command, RespArguments arguments, bool withFlags)
    {
        var places = new List<int>();
        var last = command.Keys.LastOf(arguments.Count);
        for (var i = command.Keys.First; i <= last && i < arguments.Count; i += command.Keys.Step) places.Add(i);
        reply.Array(places.Count);
        foreach (var place in places)
        {
            if (withFlags) reply.Array(2);
            reply.Bulk(arguments[place]);
            if (!withFlags) continue;
            reply.Set(1);
            reply.Simple(command.IsWrite ? "RW"u8 : "RO"u8);
        }
    }
}
