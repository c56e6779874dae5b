using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>The EXPIRE and TTL families, and PERSIST: a key's explicit deadline.</summary>
internal static class Expiry
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("expire", -3, KeyPlaces.One, call => Expire(call, isSeconds: true, isAbsolute: false)),
        Command.Write("pexpire", -3, KeyPlaces.One, call => Expire(call, isSeconds: false, isAbsolute: false)),
        Command.Write("expireat", -3, KeyPlaces.One, call => Expire(call, isSeconds: true, isAbsolute: true)),
        Command.Write("pexpireat", -3, KeyPlaces.One, call => Expire(call, isSeconds: false, isAbsolute: true)),
        Command.Read("ttl", 2, KeyPlaces.One, call => Tell(call, isSeconds: true, isAbsolute: false)),
        Command.Read("pttl", 2, KeyPlaces.One, call => Tell(call, isSeconds: false, isAbsolute: false)),
        Command.Read("expiretime", 2, KeyPlaces.One, call => Tell(call, isSeconds: true, isAbsolute: true)),
        Command.Read("pexpiretime", 2, KeyPlaces.One, call => Tell(call, isSeconds: false, isAbsolute: true)),
        Command.Write("persist", 2, KeyPlaces.One, Persist),
    ];

    private readonly record struct Conditions(bool IfNone, bool IfSome, bool IfGreater, bool IfLess)
    {
        // Without a deadline a key ends never: greater than every deadline.
        public bool Allow(long? present, long wanted)
            => !(IfNone && present is not null) && !(IfSome && present is null)
               && !(IfGreater && (present is null || wanted <= present)) && !(IfLess && present is { } ends && wanted >= ends);
    }

    private static void Expire(KeyCall call, bool isSeconds, bool isAbsolute)
    {
        if (!TryConditions(call, out var conditions)) return;
        if (!call.Arguments.TryInteger(2, out var time))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        if (!ExpireOptions.TryMakeAbsolute(call.NowMs, isSeconds, isAbsolute, ref time))
        {
            call.Fail(Errors.ExpireTime(call.Command.Name));
            return;
        }

        var session = call.Session(1);
        if (!session.Exists || !conditions.Allow(session.DeadlineMs, time))
        {
            call.Reply.Integer(0);
            return;
        }

        ExpireOptions.Apply(call, session, time);
        call.Notify(KeyEventClass.Generic, session.Exists ? "expire" : "del", session.Key.Span);
        call.Reply.Integer(1);
    }

    private static bool TryConditions(KeyCall call, out Conditions conditions)
    {
        conditions = default;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Arguments.Is(i, "nx"u8)) conditions = conditions with { IfNone = true };
            else if (call.Arguments.Is(i, "xx"u8)) conditions = conditions with { IfSome = true };
            else if (call.Arguments.Is(i, "gt"u8)) conditions = conditions with { IfGreater = true };
            else if (call.Arguments.Is(i, "lt"u8)) conditions = conditions with { IfLess = true };
            else
            {
                call.Fail($"ERR Unsupported option {call.Text(i)}");
                return false;
            }
        }

        if (conditions.IfNone && (conditions.IfSome || conditions.IfGreater || conditions.IfLess))
            call.Fail("ERR NX and XX, GT or LT options at the same time are not compatible");
        else if (conditions is { IfGreater: true, IfLess: true }) call.Fail("ERR GT and LT options at the same time are not compatible");
        else return true;
        return false;
    }

    private static void Tell(KeyCall call, bool isSeconds, bool isAbsolute)
    {
        var session = call.Session(1);
        if (!session.Exists || session.DeadlineMs is not { } deadline)
        {
            call.Reply.Integer(session.Exists ? -1 : -2);
            return;
        }

        var time = isAbsolute ? deadline : Math.Max(0, deadline - call.NowMs);
        call.Reply.Integer(!isSeconds ? time : isAbsolute ? time / 1000 : (time + 500) / 1000);
    }

    private static void Persist(KeyCall call)
    {
        var session = call.Session(1);
        var isTimed = session.Exists && session.DeadlineMs is not null;
        if (isTimed)
        {
            session.SetDeadline(null);
            call.Notify(KeyEventClass.Generic, "persist", session.Key.Span);
        }

        call.Reply.Integer(isTimed ? 1 : 0);
    }
}
