using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>OBJECT and MEMORY USAGE: what is known of a key beside its content.</summary>
internal static class ObjectFacts
{
    private const int EmbeddedUpTo = 44, ListpackEntries = 128, ListpackBytes = 64;

    public static IReadOnlyList<Command> Commands { get; } =
    [
        new("object", -2, CommandFlags.None)
        {
            Subcommands =
            [
                Command.Read("object|encoding", 3, new KeyPlaces(2, 2, 1), call => Tell(call, session => call.Reply.Bulk(EncodingOf(session)))),
                Command.Read("object|freq", 3, new KeyPlaces(2, 2, 1), call => Tell(call, session => call.Reply.Integer(Math.Min(255, session.Accesses)))),
                Command.Read("object|idletime", 3, new KeyPlaces(2, 2, 1), call => Tell(call, session => call.Reply.Integer(Math.Max(0, call.NowMs - session.LastAccessMs) / 1000))),
                Command.Read("object|refcount", 3, new KeyPlaces(2, 2, 1), call => Tell(call, _ => call.Reply.Integer(1))),
                Command.Of("object|help", 2, CommandFlags.None, (connection, _) => HelpText.Write(connection, "OBJECT",
                    "ENCODING <key>", "FREQ <key>", "IDLETIME <key>", "REFCOUNT <key>")),
            ],
        },
        new("memory", -2, CommandFlags.None)
        {
            Subcommands =
            [
                Command.Read("memory|usage", -3, new KeyPlaces(2, 2, 1), Usage),
                Command.Of("memory|help", 2, CommandFlags.None, (connection, _) => HelpText.Write(connection, "MEMORY", "USAGE <key> [SAMPLES <count>]")),
            ],
        },
    ];

    private static void Tell(KeyCall call, Action<EditedSession> write)
    {
        var session = call.Session(2);
        if (session.Exists) write(session);
        else call.Reply.Null();
    }

    // What Redis would choose for the same content: clients and tools look at these words.
    private static string EncodingOf(EditedSession session)
    {
        if (session.Kind != KeyCall.StringKind) return IsSmallHash(session) ? "listpack" : "hashtable";
        KeyCall.TryString(session, out var value);
        if (RespNumber.TryParse(value, out _)) return "int";
        return value.Length <= EmbeddedUpTo ? "embstr" : "raw";
    }

    private static bool IsSmallHash(EditedSession session)
    {
        var isSmall = session.Count <= ListpackEntries;
        if (isSmall) session.ForEach((item, value) => isSmall &= item.Length <= ListpackBytes && value.Length <= ListpackBytes);
        return isSmall;
    }

    private static void Usage(KeyCall call)
    {
        if (call.Count is 4 or > 5 || (call.Count == 5 && !call.Arguments.Is(3, "samples"u8)))
        {
            call.Fail(Errors.Syntax);
            return;
        }

        if (call.Count == 5 && (!call.Arguments.TryInteger(4, out var samples) || samples < 0))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        var session = call.Session(2);
        if (!session.Exists)
        {
            call.Reply.Null();
            return;
        }

        var bytes = session.CostBytes;
        if (bytes == 0) session.ForEach((item, value) => bytes += item.Length + value.Length);
        call.Reply.Integer(bytes);
    }
}
