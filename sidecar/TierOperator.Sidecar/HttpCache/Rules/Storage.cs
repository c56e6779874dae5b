using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>One exchange with an origin, as the rules of storing see it. Times are Unix milliseconds.</summary>
internal sealed record OriginExchange
{
    public required string Method { get; init; }
    public required RequestDirectives Asked { get; init; }
    public required bool HasAuthorization { get; init; }
    public required int Status { get; init; }
    public required IHeaderDictionary Headers { get; init; }
    public required long AskedMs { get; init; }
    public required long ReceivedMs { get; init; }
}

/// <summary>What the policy says of a route's answers; times in milliseconds, null where it says nothing.</summary>
internal sealed record CacheTerms
{
    /// <summary>True: the times here count, not the origin's.</summary>
    public required bool ByPolicy { get; init; }
    public long? TtlMs { get; init; }
    public long? NegativeTtlMs { get; init; }
    public long StaleWhileRevalidateMs { get; init; }
    public long StaleIfErrorMs { get; init; }
    public FrozenSet<int> StatusCodes { get; init; } = [];
}

/// <summary>Whether an answer is stored, and how long it is fresh. <see cref="Freshness"/> is null where it is not stored.</summary>
internal readonly record struct StorageDecision(Freshness? Freshness, IReadOnlyList<string> FieldsNotStored)
{
    public static readonly StorageDecision No = new(null, []);
}

/// <summary>RFC 9111, 3 and 4.2.1 and 4.2.2: pure functions of an exchange and the route's terms.</summary>
internal static class StorageRules
{
    /// <summary>Ten percent of the time since it was last changed, at most a day.</summary>
    private const int HeuristicShare = 10;

    /// <summary>What is above is no status, and counts as a server's error. Source: RFC 9110, 15.</summary>
    private const int LastStatus = 599;
    private const long LongestHeuristicMs = 24L * 3600 * 1000;
    private static readonly FrozenSet<int> s_heuristic = FrozenSet.Create(200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501);
    private static readonly FrozenSet<int> s_understood = FrozenSet.Create(
        200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414,
        415, 416, 417, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 511);

    public static StorageDecision Decide(OriginExchange exchange, CacheTerms terms)
    {
        if (exchange.Status is < 200 or 304 or > LastStatus || exchange.Asked.NoStore || VaryRules.ForbidsStoring(exchange.Headers.Vary)) return StorageDecision.No;
        return terms.ByPolicy ? ByPolicy(exchange, terms) : ByHeaders(exchange, terms);
    }

    // The author of the policy has decided for all answers of the route: only what is plainly one person's is left out.
    private static StorageDecision ByPolicy(OriginExchange exchange, CacheTerms terms)
    {
        if (exchange.HasAuthorization || exchange.Headers.SetCookie.Count > 0 || !terms.StatusCodes.Contains(exchange.Status)) return StorageDecision.No;
        var lifetime = exchange.Status >= 400 ? terms.NegativeTtlMs ?? terms.TtlMs : terms.TtlMs;
        if (lifetime is not > 0) return StorageDecision.No;
        return new StorageDecision(
            new Freshness
            {
                LifetimeMs = lifetime.Value,
                InitialAgeMs = 0,
                ReceivedMs = exchange.ReceivedMs,
                StaleWhileRevalidateMs = terms.StaleWhileRevalidateMs,
                StaleIfErrorMs = terms.StaleIfErrorMs,
            },
            []);
    }

    private static StorageDecision ByHeaders(OriginExchange exchange, CacheTerms terms)
    {
        var headers = exchange.Headers;
        var targeted = TargetedDirectives.ReadCdn(headers["CDN-Cache-Control"]) ?? TargetedDirectives.ReadSurrogate(headers["Surrogate-Control"]);
        var said = targeted ?? ResponseDirectives.Read(headers.CacheControl);
        if (!MayStore(exchange, said)) return StorageDecision.No;
        var dateMs = HttpDates.TryParse(One(headers.Date), exchange.ReceivedMs, out var date) ? date : (long?)null;
        var explicitMs = ExplicitLifetimeMs(said, targeted is not null, headers, dateMs, exchange.ReceivedMs);
        var lifetime = explicitMs ?? ImplicitLifetimeMs(exchange, said, terms, dateMs);
        var hasValidator = headers.ETag.Count > 0 || headers.LastModified.Count > 0;
        var isForAll = said.NoCache || lifetime <= 0;
        if (lifetime is null || (isForAll && !hasValidator)) return StorageDecision.No;
        return new StorageDecision(FreshnessOf(exchange, said, terms, lifetime.Value, dateMs), said.FieldsNotStored);
    }

    private static bool MayStore(OriginExchange exchange, ResponseDirectives said)
    {
        var isUnderstood = s_understood.Contains(exchange.Status);
        if (said.MustUnderstand && !isUnderstood) return false;
        if (said.NoStore && !said.MustUnderstand) return false;
        if (said.Private) return false;
        return !exchange.HasAuthorization || said.Public || said.MustRevalidate || said.SharedMaxAge is not null;
    }

    private static long? ExplicitLifetimeMs(ResponseDirectives said, bool isTargeted, IHeaderDictionary headers, long? dateMs, long receivedMs)
    {
        if ((said.SharedMaxAge ?? said.MaxAge) is { } seconds) return seconds * 1000;
        if (isTargeted || headers.Expires.Count == 0) return null;
        return HttpDates.TryParse(One(headers.Expires), receivedMs, out var expires) ? Math.Max(0, expires - (dateMs ?? receivedMs)) : 0;
    }

    // An answer that sets a cookie and says nothing of caching was not meant for others.
    private static long? ImplicitLifetimeMs(OriginExchange exchange, ResponseDirectives said, CacheTerms terms, long? dateMs)
    {
        if (said.NoCache) return 0;
        var isCandidate = s_heuristic.Contains(exchange.Status) || said.Public;
        if (!isCandidate || exchange.Headers.SetCookie.Count > 0) return null;
        if (terms.TtlMs is { } ttl) return exchange.Status >= 400 ? terms.NegativeTtlMs ?? ttl : ttl;
        if (HttpDates.TryParse(One(exchange.Headers.LastModified), exchange.ReceivedMs, out var changed))
            return Math.Clamp(((dateMs ?? exchange.ReceivedMs) - changed) / HeuristicShare, 0, LongestHeuristicMs);
        return exchange.Headers.ETag.Count > 0 ? 0 : null;
    }

    private static Freshness FreshnessOf(OriginExchange exchange, ResponseDirectives said, CacheTerms terms, long lifetimeMs, long? dateMs)
    {
        var isStrict = said.MustRevalidate || said.ProxyRevalidate || said.NoCache;
        var isShared = said.SharedMaxAge is not null && said.StaleWhileRevalidate is null && said.StaleIfError is null;
        return new Freshness
        {
            LifetimeMs = lifetimeMs,
            InitialAgeMs = AgeRules.InitialAgeMs(exchange.Headers.Age, dateMs, exchange.AskedMs, exchange.ReceivedMs),
            ReceivedMs = exchange.ReceivedMs,
            StaleWhileRevalidateMs = said.StaleWhileRevalidate * 1000 ?? terms.StaleWhileRevalidateMs,
            StaleIfErrorMs = said.StaleIfError * 1000 ?? terms.StaleIfErrorMs,
            NeverStale = isStrict || isShared,
            AlwaysValidate = said.NoCache,
            Immutable = said.Immutable,
        };
    }

    private static string? One(StringValues lines) => lines.Count == 1 ? lines[0]?.Trim() : null;
}
