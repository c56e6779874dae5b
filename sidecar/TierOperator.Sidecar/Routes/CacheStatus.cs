using System.Globalization;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.Routes;

/// <summary>The Cache-Status of an answer. Source: RFC 9211.</summary>
internal static class CacheStatus
{
    public const string Field = "Cache-Status";
    private const string Name = "tier";

    /// <summary>Fetched by another sidecar while this one waited.</summary>
    public const string Elsewhere = $"{Name}; fwd=uri-miss; collapsed; detail=elsewhere";

    public static string Miss(int status, bool stored, bool collapsed)
        => $"{Name}; fwd=uri-miss; fwd-status={Number(status)}{(stored ? "; stored" : "")}{(collapsed ? "; collapsed" : "")}";

    /// <summary>There was a stored response: too old, or fresh and not what the request takes.</summary>
    public static string NotReused(bool isFresh, int status, bool stored, bool collapsed)
        => $"{Name}; fwd={(isFresh ? "request" : "stale")}; fwd-status={Number(status)}{(stored ? "; stored" : "")}{(collapsed ? "; collapsed" : "")}";

    /// <summary>A stale answer while a new one is fetched, or in place of an error.</summary>
    public static string StaleHit(StoredResponse stored, long nowMs, string? why)
        => $"{Name}; hit; ttl={Number(-(stored.Freshness.StalenessMs(nowMs) / 1000))}{(why is null ? "" : $"; detail={why}")}";

    public static string Passed(string why) => $"{Name}; fwd={why}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
