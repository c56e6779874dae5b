using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>BITOP: AND, OR, XOR and NOT over whole strings; shorter ones count as padded with zeros.</summary>
internal static class BitOperation
{
    public static IReadOnlyList<Command> Commands { get; } = [Command.Write("bitop", -4, new KeyPlaces(2, -1, 1), Run)];

    private static void Run(KeyCall call)
    {
        Func<byte, byte, byte>? join = call.Arguments.Is(1, "and"u8) ? (left, right) => (byte)(left & right)
            : call.Arguments.Is(1, "or"u8) ? (left, right) => (byte)(left | right)
            : call.Arguments.Is(1, "xor"u8) ? (left, right) => (byte)(left ^ right) : null;
        var isNot = call.Arguments.Is(1, "not"u8);
        if (join is null && !isNot)
        {
            call.Fail(Errors.Syntax);
            return;
        }

        if (isNot && call.Count != 4)
        {
            call.Fail("ERR BITOP NOT must be called with a single source key.");
            return;
        }

        for (var i = 3; i < call.Count; i++)
            if (call.IsWrong(call.Session(i), KeyCall.StringKind)) return;
        Store(call, isNot ? Inverted(call) : Joined(call, join!));
    }

    private static byte[] Inverted(KeyCall call)
    {
        KeyCall.TryString(call.Session(3), out var source);
        var result = source.ToArray();
        foreach (ref var one in result.AsSpan()) one = (byte)~one;
        return result;
    }

    private static byte[] Joined(KeyCall call, Func<byte, byte, byte> join)
    {
        var longest = 0;
        for (var i = 3; i < call.Count; i++) longest = Math.Max(longest, KeyCall.TryString(call.Session(i), out var source) ? source.Length : 0);
        var result = new byte[longest];
        KeyCall.TryString(call.Session(3), out var first);
        first.CopyTo(result);
        for (var i = 4; i < call.Count; i++)
        {
            KeyCall.TryString(call.Session(i), out var source);
            for (var at = 0; at < longest; at++) result[at] = join(result[at], at < source.Length ? source[at] : (byte)0);
        }

        return result;
    }

    private static void Store(KeyCall call, byte[] result)
    {
        var target = call.Session(2);
        if (result.Length > 0)
        {
            KeyCall.PutString(target, result);
            target.SetDeadline(null);
            call.Notify(KeyEventClass.String, "set", target.Key.Span);
        }
        else if (target.Exists)
        {
            target.Clear();
            call.Notify(KeyEventClass.Generic, "del", target.Key.Span);
        }

        call.Reply.Integer(result.Length);
    }
}
