using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>RENAME, RENAMENX, COPY, MOVE: a key's content under another name.</summary>
internal static class KeyMoves
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("rename", 3, KeyPlaces.Two, call => Rename(call, onlyIfAbsent: false)),
        Command.Write("renamenx", 3, KeyPlaces.Two, call => Rename(call, onlyIfAbsent: true)),
        Command.Write("copy", -3, KeyPlaces.Two, Copy),
        Command.Write("move", 3, KeyPlaces.One, Move),
    ];

    private static void Rename(KeyCall call, bool onlyIfAbsent)
    {
        var (from, to) = (call.Session(1), call.Session(2));
        if (!from.Exists)
        {
            call.Fail(Errors.NoSuchKey);
            return;
        }

        var isSame = ReferenceEquals(from, to);
        var isRefused = onlyIfAbsent && to.Exists;
        if (!isSame && !isRefused)
        {
            Transfer(from, to);
            from.Clear();
            call.Notify(KeyEventClass.Generic, "rename_from", from.Key.Span);
            call.Notify(KeyEventClass.Generic, "rename_to", to.Key.Span);
        }

        if (onlyIfAbsent) call.Reply.Integer(isRefused || isSame ? 0 : 1);
        else call.Reply.Simple("OK"u8);
    }

    private static void Transfer(EditedSession from, EditedSession to)
    {
        var kind = from.Kind;
        to.Clear();
        from.ForEach((item, value) => to.Put(item, ItemValue.From(value.ToArray())));
        to.Become(kind);
        to.SetDeadline(from.DeadlineMs);
    }

    private static void Copy(KeyCall call)
    {
        var replace = false;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Arguments.Is(i, "replace"u8)) replace = true;
            else if (call.Arguments.Is(i, "db"u8) && i + 1 < call.Count)
            {
                if (!IsOnlyDatabase(call, ++i)) return;
            }
            else
            {
                call.Fail(Errors.Syntax);
                return;
            }
        }

        var (from, to) = (call.Session(1), call.Session(2));
        if (ReferenceEquals(from, to))
        {
            call.Fail("ERR source and destination objects are the same");
            return;
        }

        if (!from.Exists || (to.Exists && !replace))
        {
            call.Reply.Integer(0);
            return;
        }

        Transfer(from, to);
        call.Notify(KeyEventClass.Generic, "copy_to", to.Key.Span);
        call.Reply.Integer(1);
    }

    private static void Move(KeyCall call)
    {
        if (IsOnlyDatabase(call, 2)) call.Fail("ERR source and destination objects are the same");
    }

    private static bool IsOnlyDatabase(KeyCall call, int argument)
    {
        if (!call.Arguments.TryInteger(argument, out var database)) call.Fail(Errors.NotInteger);
        else if (database != 0) call.Fail("ERR DB index is out of range");
        else return true;
        return false;
    }
}
