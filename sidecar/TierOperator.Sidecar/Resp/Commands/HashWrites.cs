using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>HSET and its kin: fields are set, counted up and removed.</summary>
internal static class HashWrites
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("hset", -4, KeyPlaces.One, call => Set(call, isOld: false)),
        Command.Write("hmset", -4, KeyPlaces.One, call => Set(call, isOld: true)),
        Command.Write("hsetnx", 4, KeyPlaces.One, SetIfAbsent),
        Command.Write("hdel", -3, KeyPlaces.One, Remove),
        Command.Write("hincrby", 4, KeyPlaces.One, Add),
        Command.Write("hincrbyfloat", 4, KeyPlaces.One, AddFloat),
    ];

    private static void Set(KeyCall call, bool isOld)
    {
        if (call.Count % 2 == 1)
        {
            call.Fail(Errors.Arity(call.Command.Name));
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind) || HasLongField(call, 2, 2)) return;
        var before = session.Count;
        for (var i = 2; i < call.Count; i += 2) Put(session, call.Arguments[i], call.Arguments.Value(i + 1));
        call.Notify(KeyEventClass.Hash, "hset", session.Key.Span);
        if (isOld) call.Reply.Simple("OK"u8);
        else call.Reply.Integer(session.Count - before);
    }

    private static bool HasLongField(KeyCall call, int from, int step)
    {
        for (var i = from; i < call.Count; i += step)
        {
            if (call.Arguments.LengthOf(i) <= RespServer.MostKeyBytes) continue;
            call.Fail(Errors.KeyTooLong);
            return true;
        }

        return false;
    }

    private static void Put(EditedSession session, ReadOnlySpan<byte> field, ItemValue value)
    {
        session.Become(KeyCall.HashKind);
        session.Put(field, value);
    }

    private static void SetIfAbsent(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind) || HasLongField(call, 2, 2)) return;
        var isAbsent = session.LengthOf(call.Arguments[2]) < 0;
        if (isAbsent)
        {
            Put(session, call.Arguments[2], call.Arguments.Value(3));
            call.Notify(KeyEventClass.Hash, "hset", session.Key.Span);
        }

        call.Reply.Integer(isAbsent ? 1 : 0);
    }

    private static void Remove(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        var removed = 0;
        for (var i = 2; i < call.Count; i++) removed += session.Remove(call.Arguments[i]) ? 1 : 0;
        if (removed > 0) call.Notify(KeyEventClass.Hash, "hdel", session.Key.Span);
        if (removed > 0 && !session.Exists)
        {
            session.Clear();
            call.Notify(KeyEventClass.Generic, "del", session.Key.Span);
        }

        call.Reply.Integer(removed);
    }

    private static void Add(KeyCall call)
    {
        if (!call.Arguments.TryInteger(3, out var by))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind) || HasLongField(call, 2, 2)) return;
        var present = 0L;
        if (session.TryGet(call.Arguments[2], out var text) && !RespNumber.TryParse(text, out present))
        {
            call.Fail(Errors.HashNotInteger);
            return;
        }

        if ((by < 0 && present < 0 && by < long.MinValue - present) || (by > 0 && present > 0 && by > long.MaxValue - present))
        {
            call.Fail(Errors.IncrementOverflow);
            return;
        }

        var digits = new byte[RespNumber.MaxDigits];
        Put(session, call.Arguments[2], new ItemValue(digits.AsMemory(0, RespNumber.Format(present + by, digits))));
        call.Notify(KeyEventClass.Hash, "hincrby", session.Key.Span);
        call.Reply.Integer(present + by);
    }

    private static void AddFloat(KeyCall call)
    {
        if (!FloatNumber.TryParse(call.Arguments[3], out var by))
        {
            call.Fail(Errors.NotFloat);
            return;
        }

        if (by.IsInfinite)
        {
            call.Fail("ERR value is NaN or Infinity");
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind) || HasLongField(call, 2, 2)) return;
        if (session.TryGet(call.Arguments[2], out var text) && !FloatNumber.TryParse(text, out _))
        {
            call.Fail(Errors.HashNotFloat);
            return;
        }

        _ = FloatNumber.TryParse(text, out var present); // zero where there is none
        if (!present.TryAdd(by, out var sum))
        {
            call.Fail(Errors.IncrementNaN);
            return;
        }

        Put(session, call.Arguments[2], new ItemValue(sum));
        call.Notify(KeyEventClass.Hash, "hincrbyfloat", session.Key.Span);
        call.Reply.Bulk(sum);
    }
}
