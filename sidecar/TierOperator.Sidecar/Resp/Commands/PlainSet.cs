using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>A SET that depends on nothing that is there: bare, or with EX or PX.</summary>
internal static class PlainSet
{
    /// <summary>False for every other form, also a faulty one.</summary>
    public static bool TryDeadline(RespArguments arguments, long nowMs, out long? deadlineMs)
    {
        deadlineMs = null;
        if (arguments.Count == 3) return true;
        if (arguments.Count != 5 || !arguments.TryInteger(4, out var time) || time <= 0) return false;
        var isSeconds = arguments.Is(3, "ex"u8);
        if ((!isSeconds && !arguments.Is(3, "px"u8)) || !ExpireOptions.TryMakeAbsolute(nowMs, isSeconds, isAbsolute: false, ref time)) return false;
        deadlineMs = time;
        return true;
    }
}
