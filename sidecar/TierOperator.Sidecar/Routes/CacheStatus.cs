using System.Globalization;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.Routes;

/// <summary>The Cache-Status of an answer. Source: RFC 9211.</summary>
internal static class CacheStatus
{
    public const string Field = "Cache-Status";
    private const string Name = "tier";

    /// <summary>
    /// Why a request is sent on: nothing is stored under its URL, only answers to other requests, or only other parts of it; what is stored is
    /// too old, or fresh and not what the request takes.
    /// </summary>
    public const string UriMiss = "uri-miss", VaryMiss = "vary-miss", Partial = "partial", Stale = "stale", Request = "request";

    /// <summary>Fetched by another sidecar while this one waited.</summary>
    public const string Elsewhere = $"{Name}; fwd=uri-miss; collapsed; detail=elsewhere";

    /// <summary>The origin was asked, and answered.</summary>
    public static string Sent(string why, int status, bool stored, bool collapsed)
        => $"{Name}; fwd={why}; fwd-status={Number(status)}{(stored ? "; stored" : "")}{(collapsed ? "; collapsed" : "")}";

    /// <summary>A stale answer while a new one is fetched, or in place of an error.</summary>
    public static string StaleHit(StoredResponse stored, long nowMs, string? why)
        => $"{Name}; hit; ttl={Number(-(stored.Freshness.StalenessMs(nowMs) / 1000))}{(why is null ? "" : $"; detail={why}")}";

    /// <summary>It was sent on past the cache, or there was no answer.</summary>
    public static string Passed(string why) => $"{Name}; fwd={why}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
