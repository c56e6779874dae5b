using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>GET and its kin: what a string holds.</summary>
internal static class StringReads
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Read("get", 2, KeyPlaces.One, Get),
        Command.Read("strlen", 2, KeyPlaces.One, Length),
        Command.Read("getrange", 4, KeyPlaces.One, Range),
        Command.Read("substr", 4, KeyPlaces.One, Range),
        Command.Read("mget", -2, KeyPlaces.All, GetMany),
    ];

    private static void Get(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        WriteString(call, session);
    }

    /// <summary>The string as the reply; null when there is none.</summary>
    public static void WriteString(KeyCall call, Tiering.Engine.EditedSession session)
    {
        if (session.Exists) call.WriteValue(session, KeyCall.StringItem);
        else call.Reply.Null();
    }

    private static void Length(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        call.Reply.Integer(session.Exists ? Math.Max(0, session.LengthOf(KeyCall.StringItem)) : 0);
    }

    private static void Range(KeyCall call)
    {
        if (!call.Arguments.TryInteger(2, out var start) || !call.Arguments.TryInteger(3, out var end))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        KeyCall.TryString(session, out var value);
        call.Reply.Bulk(Slice(value, start, end));
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> value, long start, long end)
    {
        if (start < 0 && end < 0 && start > end) return default;
        if (start < 0) start = Math.Max(0, start + value.Length);
        if (end < 0) end = Math.Max(0, end + value.Length);
        end = Math.Min(end, value.Length - 1L);
        return start > end || value.IsEmpty ? default : value[(int)start..(int)(end + 1)];
    }

    private static void GetMany(KeyCall call)
    {
        call.Reply.Array(call.Count - 1);
        for (var i = 1; i < call.Count; i++)
        {
            var session = call.Session(i);
            if (session.Exists && session.Kind != KeyCall.StringKind) call.Reply.Null();
            else WriteString(call, session);
        }
    }
}
