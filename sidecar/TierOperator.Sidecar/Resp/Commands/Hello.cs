using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>HELLO and AUTH: the protocol's version, and who is there. No password is set here: loopback is the guard.</summary>
internal static class Hello
{
    /// <summary>The Redis whose behaviour is shown: clients choose what they use by it.</summary>
    public const string RedisVersion = "7.0.15";
    private const string WrongPass = "WRONGPASS invalid username-password pair or user is disabled.";

    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Of("hello", -1, CommandFlags.Fast | CommandFlags.NoAuth, Greet),
        Command.Of("auth", -2, CommandFlags.Fast | CommandFlags.NoAuth | CommandFlags.SkipSlowLog, Authenticate),
    ];

    private static void Greet(RespConnection connection, RespArguments arguments)
    {
        var (reply, protocol) = (connection.Reply, (long)connection.Reply.Protocol);
        if (arguments.Count > 1 && !arguments.TryInteger(1, out protocol))
        {
            reply.Error("ERR Protocol version is not an integer or out of range");
            return;
        }

        if (protocol is not (2 or 3))
        {
            reply.Error("NOPROTO unsupported protocol version");
            return;
        }

        if (!TryOptions(connection, arguments, out var name)) return;
        if (name is not null) connection.State.Name = name;
        reply.Protocol = (int)protocol;
        Describe(connection);
    }

    private static bool TryOptions(RespConnection connection, RespArguments arguments, out string? name)
    {
        name = null;
        for (var i = 2; i < arguments.Count; i++)
        {
            var left = arguments.Count - 1 - i;
            if (arguments.Is(i, "auth"u8) && left >= 2)
            {
                if (!IsDefaultUser(arguments, i + 1))
                {
                    connection.Reply.Error(WrongPass);
                    return false;
                }

                i += 2;
            }
            else if (arguments.Is(i, "setname"u8) && left >= 1)
            {
                name = arguments.Text(++i);
                if (ClientCommands.IsName(name)) continue;
                connection.Reply.Error(ClientCommands.BadName);
                return false;
            }
            else
            {
                connection.Reply.Error($"ERR Syntax error in HELLO option '{arguments.Text(i)}'");
                return false;
            }
        }

        return true;
    }

    // As a Redis without a password: the default user may come with any.
    private static bool IsDefaultUser(RespArguments arguments, int at) => arguments[at].SequenceEqual("default"u8);

    private static void Describe(RespConnection connection)
    {
        var reply = connection.Reply;
        reply.Map(7);
        reply.Bulk("server"u8);
        reply.Bulk("redis"u8);
        reply.Bulk("version"u8);
        reply.Bulk(RedisVersion);
        reply.Bulk("proto"u8);
        reply.Integer(reply.Protocol);
        reply.Bulk("id"u8);
        reply.Integer(connection.Id);
        reply.Bulk("mode"u8);
        reply.Bulk("standalone"u8);
        reply.Bulk("role"u8);
        reply.Bulk("master"u8);
        reply.Bulk("modules"u8);
        reply.Array(0);
    }

    private static void Authenticate(RespConnection connection, RespArguments arguments)
    {
        if (arguments.Count > 3) connection.Reply.Error(Errors.Syntax);
        else if (arguments.Count == 2)
            connection.Reply.Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?");
        else if (IsDefaultUser(arguments, 1)) connection.Reply.Simple("OK"u8);
        else connection.Reply.Error(WrongPass);
    }
}
