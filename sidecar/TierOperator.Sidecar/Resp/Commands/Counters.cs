using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>INCR and its kin.</summary>
internal static class Counters
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("incr", 2, KeyPlaces.One, call => Add(call, 1)),
        Command.Write("decr", 2, KeyPlaces.One, call => Add(call, -1)),
        Command.Write("incrby", 3, KeyPlaces.One, call => AddArgument(call, isMinus: false)),
        Command.Write("decrby", 3, KeyPlaces.One, call => AddArgument(call, isMinus: true)),
        Command.Write("incrbyfloat", 3, KeyPlaces.One, AddFloat),
    ];

    private static void AddArgument(KeyCall call, bool isMinus)
    {
        if (!call.Arguments.TryInteger(2, out var by)) call.Fail(Errors.NotInteger);
        else if (isMinus && by == long.MinValue) call.Fail("ERR decrement would overflow");
        else Add(call, isMinus ? -by : by);
    }

    private static void Add(KeyCall call, long by)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        var present = 0L;
        if (KeyCall.TryString(session, out var text) && !RespNumber.TryParse(text, out present))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        if ((by < 0 && present < 0 && by < long.MinValue - present) || (by > 0 && present > 0 && by > long.MaxValue - present))
        {
            call.Fail(Errors.IncrementOverflow);
            return;
        }

        var digits = new byte[RespNumber.MaxDigits];
        var length = RespNumber.Format(present + by, digits);
        KeyCall.PutString(session, digits.AsMemory(0, length));
        call.Notify(KeyEventClass.String, "incrby", session.Key.Span);
        call.Reply.Integer(present + by);
    }

    private static void AddFloat(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        if ((KeyCall.TryString(session, out var text) && !FloatNumber.TryParse(text, out _)) || !FloatNumber.TryParse(call.Arguments[2], out var by))
        {
            call.Fail(Errors.NotFloat);
            return;
        }

        _ = FloatNumber.TryParse(text, out var present); // zero where there is none
        if (!present.TryAdd(by, out var sum))
        {
            call.Fail(Errors.IncrementNaN);
            return;
        }

        KeyCall.PutString(session, sum);
        call.Notify(KeyEventClass.String, "incrbyfloat", session.Key.Span);
        call.Reply.Bulk(sum);
    }
}
