using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>CONFIG GET and SET of what exists here, RESETSTAT. The policy is where everything else is set.</summary>
internal static class ConfigCommands
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        new("config", -2, CommandFlags.Admin)
        {
            Subcommands =
            [
                Command.Of("config|get", -3, CommandFlags.Admin, Get),
                Command.Of("config|set", -4, CommandFlags.Admin, Set),
                Command.Of("config|resetstat", 2, CommandFlags.Admin, ResetStatistics),
                Command.Of("config|rewrite", 2, CommandFlags.Admin, (connection, _) => connection.Reply.Error("ERR The server is running without a config file")),
                Command.Of("config|help", 2, CommandFlags.None, (connection, _) => HelpText.Write(connection, "CONFIG",
                    "GET <pattern>", "SET <directive> <value>", "RESETSTAT", "REWRITE")),
            ],
        },
    ];

    private static void Get(RespConnection connection, RespArguments arguments)
    {
        var chosen = connection.Server.Settings.All(connection.Server.Engine).Where(setting => IsAsked(setting.Name, arguments)).ToList();
        connection.Reply.Map(chosen.Count);
        foreach (var (name, value) in chosen)
        {
            connection.Reply.Bulk(name);
            connection.Reply.Bulk(value);
        }
    }

    private static bool IsAsked(string name, RespArguments arguments)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(name);
        for (var i = 2; i < arguments.Count; i++)
            if (GlobPattern.IsMatch(System.Text.Encoding.UTF8.GetBytes(arguments.Text(i).ToLowerInvariant()), bytes)) return true;
        return false;
    }

    // All or none, as Redis 7 does.
    private static void Set(RespConnection connection, RespArguments arguments)
    {
        var settings = connection.Server.Settings;
        if (arguments.Count % 2 == 1)
        {
            connection.Reply.Error(Errors.Arity("config|set"));
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 2; i < arguments.Count; i += 2)
        {
            var name = arguments.Text(i).ToLowerInvariant();
            var isKnown = settings.All(connection.Server.Engine).Any(setting => setting.Name == name);
            var fault = !isKnown ? null : seen.Add(name) ? RespSettings.Check(name, arguments.Text(i + 1)) : "duplicate parameter";
            if (isKnown && fault is null) continue;
            connection.Reply.Error(isKnown
                ? $"ERR CONFIG SET failed (possibly related to argument '{arguments.Text(i)}') - {fault}"
                : $"ERR Unknown option or number of arguments for CONFIG SET - '{arguments.Text(i)}'");
            return;
        }

        for (var i = 2; i < arguments.Count; i += 2) settings.Set(arguments.Text(i).ToLowerInvariant(), arguments.Text(i + 1));
        connection.Reply.Simple("OK"u8);
    }

    private static void ResetStatistics(RespConnection connection, RespArguments arguments)
    {
        connection.Server.Statistics.Reset();
        connection.Reply.Simple("OK"u8);
    }
}
