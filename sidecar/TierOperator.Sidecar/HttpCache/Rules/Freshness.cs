using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>The times of a stored response, in milliseconds. Ages are those of RFC 9111, 4.2.3.</summary>
internal readonly record struct Freshness
{
    /// <summary>How long it is fresh, counted in age.</summary>
    public required long LifetimeMs { get; init; }

    /// <summary>The corrected initial age: how old it was when it came.</summary>
    public required long InitialAgeMs { get; init; }

    /// <summary>When it came, Unix milliseconds by this machine's clock.</summary>
    public required long ReceivedMs { get; init; }

    /// <summary>How long past its freshness it may be given while a new one is fetched, and when the origin fails.</summary>
    public long StaleWhileRevalidateMs { get; init; }
    public long StaleIfErrorMs { get; init; }

    /// <summary>True where a directive forbids giving it stale, whatever the request allows.</summary>
    public bool NeverStale { get; init; }

    /// <summary>True where it may be given only after validation (no-cache).</summary>
    public bool AlwaysValidate { get; init; }

    /// <summary>True where nobody need ask for it again while it is fresh (RFC 8246).</summary>
    public bool Immutable { get; init; }

    public long AgeMs(long nowMs) => InitialAgeMs + Math.Max(0, nowMs - ReceivedMs);

    /// <summary>How long past its freshness it is; negative while it is fresh.</summary>
    public long StalenessMs(long nowMs) => AgeMs(nowMs) - LifetimeMs;

    public bool IsFresh(long nowMs) => !AlwaysValidate && StalenessMs(nowMs) < 0;
}

/// <summary>What may be done with a stored response for one request.</summary>
internal enum Reuse
{
    Fresh,

    /// <summary>The client said that it takes it stale.</summary>
    Stale,

    /// <summary>Give it stale and fetch a new one behind it.</summary>
    StaleWhileRevalidate,

    /// <summary>Ask the origin first.</summary>
    Validate,
}

/// <summary>RFC 9111, 4.2 and 5.2.1: pure functions of what was stored, what is asked, and the time.</summary>
internal static class ReuseRules
{
    public static Reuse Decide(in Freshness stored, RequestDirectives asked, long nowMs)
    {
        if (stored.AlwaysValidate || asked.NoCache) return Reuse.Validate;
        var staleness = stored.StalenessMs(nowMs);
        if (staleness < 0)
        {
            if (asked.MinFresh is { } least && -staleness < least * 1000) return Reuse.Validate;
            return asked.MaxAge is { } most && stored.AgeMs(nowMs) > most * 1000 && !stored.Immutable ? Reuse.Validate : Reuse.Fresh;
        }

        if (asked.MinFresh is not null || asked.MaxAge is not null && stored.AgeMs(nowMs) > asked.MaxAge * 1000) return Reuse.Validate;
        if (stored.NeverStale) return Reuse.Validate;
        if (asked.MaxStale is { } stale && (stale == long.MaxValue || staleness <= stale * 1000)) return Reuse.Stale;
        return staleness < stored.StaleWhileRevalidateMs ? Reuse.StaleWhileRevalidate : Reuse.Validate;
    }

    /// <summary>What counts as an error of the origin. Source: RFC 5861, 4.</summary>
    public static bool IsError(int status) => status is 500 or 502 or 503 or 504;

    /// <summary>RFC 5861, 4: whether it may be given in place of an error.</summary>
    public static bool MayServeOnError(in Freshness stored, RequestDirectives asked, long nowMs)
    {
        if (stored.NeverStale || stored.AlwaysValidate || asked.NoCache) return false;
        var allowed = Math.Max(stored.StaleIfErrorMs, (asked.StaleIfError ?? 0) * 1000);
        return allowed > 0 && stored.StalenessMs(nowMs) <= allowed;
    }
}

/// <summary>The age that an answer has when it comes. RFC 9111, 4.2.3 and 5.1.</summary>
internal static class AgeRules
{
    /// <summary>Times are Unix milliseconds: when it was asked for and when it came, and its Date if it has a good one.</summary>
    public static long InitialAgeMs(StringValues age, long? dateMs, long askedMs, long receivedMs)
    {
        var apparent = dateMs is { } date ? Math.Max(0, receivedMs - date) : 0;
        var corrected = (ReadAge(age) * 1000) + Math.Max(0, receivedMs - askedMs);
        return Math.Max(apparent, corrected);
    }

    /// <summary>The first member of the first line; 0 where that is no number.</summary>
    public static long ReadAge(StringValues lines)
    {
        if (lines.Count == 0) return 0;
        var first = lines[0].AsSpan();
        var comma = first.IndexOf(',');
        if (comma >= 0) first = first[..comma];
        return DeltaSeconds.TryParse(first.Trim(" \t"), out var seconds) ? seconds : 0;
    }
}
