using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>SET and its kin: one string is stored, changed or taken.</summary>
internal static class StringWrites
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("set", -3, KeyPlaces.One, Set),
        Command.Write("setnx", 3, KeyPlaces.One, SetIfAbsent),
        Command.Write("setex", 4, KeyPlaces.One, call => SetFor(call, isSeconds: true)),
        Command.Write("psetex", 4, KeyPlaces.One, call => SetFor(call, isSeconds: false)),
        Command.Write("getset", 3, KeyPlaces.One, GetAndSet),
        Command.Write("getdel", 2, KeyPlaces.One, GetAndDelete),
        Command.Write("getex", -2, KeyPlaces.One, GetAndExpire),
        Command.Write("append", 3, KeyPlaces.One, Append),
        Command.Write("setrange", 4, KeyPlaces.One, SetRange),
    ];

    private static void Set(KeyCall call)
    {
        if (!SetOptions.TryRead(call, 3, SetOptions.Allowed.Set, out var options)) return;
        var session = call.Session(1);
        if (options.Get)
        {
            if (call.IsWrong(session, KeyCall.StringKind)) return;
            StringReads.WriteString(call, session);
        }

        if ((options.IfAbsent && session.Exists) || (options.IfPresent && !session.Exists))
        {
            if (!options.Get) call.Reply.Null();
            return;
        }

        Store(call, 1, call.Arguments.Value(2), options.KeepDeadline);
        if (options.DeadlineMs is { } deadline)
        {
            ExpireOptions.Apply(call, session, deadline);
            call.Notify(KeyEventClass.Generic, "expire", session.Key.Span);
        }

        if (!options.Get) call.Reply.Simple("OK"u8);
    }

    /// <summary>Stores a string at the key of an argument, whatever was there.</summary>
    public static void Store(KeyCall call, int key, ItemValue value, bool keepDeadline = false)
    {
        var session = call.Session(key);
        KeyCall.PutString(session, value);
        if (!keepDeadline) session.SetDeadline(null);
        call.Notify(KeyEventClass.String, "set", session.Key.Span);
    }

    private static void SetIfAbsent(KeyCall call)
    {
        var isAbsent = !call.Session(1).Exists;
        if (isAbsent) Store(call, 1, call.Arguments.Value(2));
        call.Reply.Integer(isAbsent ? 1 : 0);
    }

    private static void SetFor(KeyCall call, bool isSeconds)
    {
        if (!ExpireOptions.TryRead(call, 2, isSeconds, isAbsolute: false, out var deadline)) return;
        Store(call, 1, call.Arguments.Value(3));
        ExpireOptions.Apply(call, call.Session(1), deadline);
        call.Notify(KeyEventClass.Generic, "expire", call.Arguments[1]);
        call.Reply.Simple("OK"u8);
    }

    private static void GetAndSet(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        StringReads.WriteString(call, session);
        Store(call, 1, call.Arguments.Value(2));
    }

    private static void GetAndDelete(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        StringReads.WriteString(call, session);
        if (!session.Exists) return;
        session.Clear();
        call.Notify(KeyEventClass.Generic, "del", session.Key.Span);
    }

    private static void GetAndExpire(KeyCall call)
    {
        if (!SetOptions.TryRead(call, 2, SetOptions.Allowed.GetEx, out var options)) return;
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        StringReads.WriteString(call, session);
        if (!session.Exists) return;
        if (options.DeadlineMs is { } deadline)
        {
            ExpireOptions.Apply(call, session, deadline);
            call.Notify(KeyEventClass.Generic, session.Exists ? "expire" : "del", session.Key.Span);
        }
        else if (options.Persist && session.DeadlineMs is not null)
        {
            session.SetDeadline(null);
            call.Notify(KeyEventClass.Generic, "persist", session.Key.Span);
        }
    }

    private static void Append(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        KeyCall.TryString(session, out var present);
        var more = call.Arguments[2];
        if (present.Length + (long)more.Length > call.MaxStringBytes)
        {
            call.Fail(Errors.StringTooLong);
            return;
        }

        byte[] joined = [.. present, .. more];
        KeyCall.PutString(session, joined);
        call.Notify(KeyEventClass.String, "append", session.Key.Span);
        call.Reply.Integer(joined.Length);
    }

    private static void SetRange(KeyCall call)
    {
        if (!call.Arguments.TryInteger(2, out var offset))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        if (offset < 0)
        {
            call.Fail(Errors.OffsetOutOfRange);
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        KeyCall.TryString(session, out var present);
        var patch = call.Arguments[3];
        if (patch.IsEmpty)
        {
            call.Reply.Integer(present.Length);
            return;
        }

        if (offset > call.MaxStringBytes - patch.Length)
        {
            call.Fail(Errors.StringTooLong);
            return;
        }

        var patched = new byte[Math.Max(present.Length, offset + patch.Length)];
        present.CopyTo(patched);
        patch.CopyTo(patched.AsSpan((int)offset));
        KeyCall.PutString(session, patched);
        call.Notify(KeyEventClass.String, "setrange", session.Key.Span);
        call.Reply.Integer(patched.Length);
    }
}
