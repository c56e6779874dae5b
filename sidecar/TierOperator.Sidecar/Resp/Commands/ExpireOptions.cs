using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>Times as Redis commands give them, made absolute.</summary>
internal static class ExpireOptions
{
    /// <summary>
    /// Reads a time that must lie ahead by its sign (SET EX and its kin). False, with the error written, when it cannot be one.
    /// </summary>
    public static bool TryRead(KeyCall call, int argument, bool isSeconds, bool isAbsolute, out long deadlineMs)
    {
        if (!call.Arguments.TryInteger(argument, out deadlineMs))
        {
            call.Fail(Errors.NotInteger);
            return false;
        }

        if (deadlineMs > 0 && TryMakeAbsolute(call.NowMs, isSeconds, isAbsolute, ref deadlineMs)) return true;
        call.Fail(Errors.ExpireTime(call.Command.Name));
        return false;
    }

    /// <summary>False when the time does not fit.</summary>
    public static bool TryMakeAbsolute(long nowMs, bool isSeconds, bool isAbsolute, ref long time)
    {
        if (isSeconds)
        {
            if (time is > long.MaxValue / 1000 or < long.MinValue / 1000) return false;
            time *= 1000;
        }

        if (isAbsolute) return true;
        if (time > long.MaxValue - nowMs) return false;
        time += nowMs;
        return true;
    }

    /// <summary>Stages a deadline; one that has passed removes the key.</summary>
    public static void Apply(KeyCall call, Tiering.Engine.EditedSession session, long deadlineMs)
    {
        if (deadlineMs > call.NowMs) session.SetDeadline(deadlineMs);
        else session.Clear();
    }
}
