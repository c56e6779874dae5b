using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>DEL, UNLINK, EXISTS, TOUCH, TYPE: whether keys are there, and an end to it.</summary>
internal static class KeyRemovals
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("del", -2, KeyPlaces.All, Remove),
        Command.Write("unlink", -2, KeyPlaces.All, Remove),
        Command.Read("exists", -2, KeyPlaces.All, CountPresent),
        Command.Read("touch", -2, KeyPlaces.All, CountPresent),
        Command.Read("type", 2, KeyPlaces.One, call => call.Reply.Simple(TypeOf(call.Session(1)))),
    ];

    public static ReadOnlySpan<byte> TypeOf(EditedSession session)
        => !session.Exists ? "none"u8 : session.Kind == KeyCall.StringKind ? "string"u8 : "hash"u8;

    private static void Remove(KeyCall call)
    {
        var removed = 0;
        for (var i = 1; i < call.Count; i++)
        {
            var session = call.Session(i);
            if (!session.Exists) continue;
            session.Clear();
            call.Notify(KeyEventClass.Generic, "del", session.Key.Span);
            removed++;
        }

        call.Reply.Integer(removed);
    }

    private static void CountPresent(KeyCall call)
    {
        var present = 0;
        for (var i = 1; i < call.Count; i++)
            if (call.Session(i).Exists) present++;
        call.Reply.Integer(present);
    }
}
