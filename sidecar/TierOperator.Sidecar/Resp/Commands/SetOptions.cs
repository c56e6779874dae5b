using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>The options of SET and GETEX.</summary>
internal readonly record struct SetOptions
{
    public enum Allowed { Set, GetEx }

    public bool IfAbsent { get; init; }
    public bool IfPresent { get; init; }
    public bool Get { get; init; }
    public bool KeepDeadline { get; init; }
    public bool Persist { get; init; }
    public long? DeadlineMs { get; init; }

    /// <summary>False, with the error written, when they make no sense.</summary>
    public static bool TryRead(KeyCall call, int from, Allowed allowed, out SetOptions options)
    {
        options = default;
        var (timeAt, isSeconds, isAbsolute) = (0, false, false);
        var arguments = call.Arguments;
        for (var i = from; i < arguments.Count; i++)
        {
            var isTimed = timeAt > 0 || options.KeepDeadline || options.Persist;
            var isSet = allowed == Allowed.Set;
            var hasNext = i + 1 < arguments.Count;
            if (isSet && arguments.Is(i, "nx"u8) && !options.IfPresent) options = options with { IfAbsent = true };
            else if (isSet && arguments.Is(i, "xx"u8) && !options.IfAbsent) options = options with { IfPresent = true };
            else if (isSet && arguments.Is(i, "get"u8)) options = options with { Get = true };
            else if (isSet && arguments.Is(i, "keepttl"u8) && (!isTimed || options.KeepDeadline)) options = options with { KeepDeadline = true };
            else if (!isSet && arguments.Is(i, "persist"u8) && (!isTimed || options.Persist)) options = options with { Persist = true };
            else if (hasNext && !options.KeepDeadline && !options.Persist && IsTime(arguments, i, timeAt > 0 ? (isSeconds, isAbsolute) : null, out isSeconds, out isAbsolute)) timeAt = ++i;
            else
            {
                call.Fail(Errors.Syntax);
                return false;
            }
        }

        if (timeAt == 0) return true;
        if (!ExpireOptions.TryRead(call, timeAt, isSeconds, isAbsolute, out var deadline)) return false;
        options = options with { DeadlineMs = deadline };
        return true;
    }

    // The same unit may come twice, the last one counts; two different ones may not.
    private static bool IsTime(RespArguments arguments, int at, (bool Seconds, bool Absolute)? before, out bool isSeconds, out bool isAbsolute)
        => IsUnit(arguments, at, out isSeconds, out isAbsolute) && (before is null || before == (isSeconds, isAbsolute));

    private static bool IsUnit(RespArguments arguments, int at, out bool isSeconds, out bool isAbsolute)
    {
        isSeconds = arguments.Is(at, "ex"u8) || arguments.Is(at, "exat"u8);
        isAbsolute = arguments.Is(at, "exat"u8) || arguments.Is(at, "pxat"u8);
        return isSeconds || isAbsolute || arguments.Is(at, "px"u8);
    }
}
