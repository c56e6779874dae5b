using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>MSET and MSETNX: all of them or none, in one record of the journal.</summary>
internal static class ManyStrings
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("mset", -3, KeyPlaces.Pairs, call => SetAll(call, onlyIfAbsent: false)) with { IsBlind = true },
        Command.Write("msetnx", -3, KeyPlaces.Pairs, call => SetAll(call, onlyIfAbsent: true)),
    ];

    private static void SetAll(KeyCall call, bool onlyIfAbsent)
    {
        if (call.Count % 2 == 0)
        {
            call.Fail(Errors.Arity(call.Command.Name));
            return;
        }

        if (onlyIfAbsent && AnyExists(call))
        {
            call.Reply.Integer(0);
            return;
        }

        for (var i = 1; i < call.Count; i += 2) StringWrites.Store(call, i, call.Arguments.Value(i + 1));
        if (onlyIfAbsent) call.Reply.Integer(1);
        else call.Reply.Simple("OK"u8);
    }

    private static bool AnyExists(KeyCall call)
    {
        for (var i = 1; i < call.Count; i += 2)
            if (call.Session(i).Exists) return true;
        return false;
    }
}
