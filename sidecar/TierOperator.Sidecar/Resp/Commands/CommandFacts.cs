using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Native;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>COMMAND and its subcommands: what this listener understands, told from its own table.</summary>
internal static class CommandFacts
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        new("command", -1, CommandFlags.None)
        {
            Alone = (connection, _) => WriteAll(connection, [.. Served(connection)]),
            Subcommands =
            [
                Command.Of("command|count", 2, CommandFlags.None, (connection, _) => connection.Reply.Integer(Served(connection).Count())),
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

    private static IEnumerable<Command> Served(RespConnection connection) => connection.Server.Commands.Served(connection.Server.Native is not null);

    private static bool IsServed(RespConnection connection, Command command) => !command.IsPassed || connection.Server.Native is not null;

    private static void WriteAll(RespConnection connection, List<Command> commands)
    {
        connection.Reply.Array(commands.Count);
        foreach (var command in commands) CommandInfo.Write(connection.Reply, command);
    }

    private static void List(RespConnection connection, RespArguments arguments)
    {
        var names = Served(connection).Select(command => command.Name);
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
        return Served(connection)
            .Where(command => command.Fact?.Categories.Contains(category) == true)
            .Select(command => command.Name);
    }

    private static void Info(RespConnection connection, RespArguments arguments)
    {
        if (arguments.Count == 2)
        {
            WriteAll(connection, [.. Served(connection)]);
            return;
        }

        connection.Reply.Array(arguments.Count - 2);
        for (var i = 2; i < arguments.Count; i++)
        {
            if (connection.Server.Commands.FindNamed(arguments.Text(i)) is { } command && IsServed(connection, command)) CommandInfo.Write(connection.Reply, command);
            else connection.Reply.NullArray();
        }
    }

    private static void Docs(RespConnection connection, RespArguments arguments)
    {
        var chosen = arguments.Count == 2
            ? Served(connection).ToList()
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
        else if (command.Fact is not { Specifications.Count: > 0 } fact) connection.Reply.Error("ERR The command has no key arguments");
        else if (!command.TakesCount(inner.Count)) connection.Reply.Error("ERR Invalid number of arguments specified for command");
        else WriteKeys(connection.Reply, KeyFinder.Find(fact, inner) ?? [], inner, withFlags);
    }

    private static void WriteKeys(RespWriter reply, IReadOnlyList<KeyPlace> places, RespArguments arguments, bool withFlags)
    {
        reply.Array(places.Count);
        foreach (var place in places)
        {
            if (withFlags) reply.Array(2);
            reply.Bulk(arguments[place.Argument]);
            if (withFlags) CommandInfo.WriteNames(reply, place.Use.Flags, "");
        }
    }
}
