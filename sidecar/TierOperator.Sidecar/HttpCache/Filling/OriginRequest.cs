using System.Collections.Frozen;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>What came of asking an origin: nothing wrong, or why there is no answer.</summary>
internal enum OriginFault
{
    None,
    Unreachable,
    TooSlow,
    NoDestination,
    BrokenOff,

    /// <summary>The client's own body was none, or too slow in coming: the origin is not to blame.</summary>
    BadBody,
    SlowBody,
}

/// <summary>
/// A request of the cache's own to a route's origin. It carries the fields of the client's request that started it, but
/// for conditions and ranges, which the cache decides, and for fields that say where a request came from: an answer that
/// others get must not depend on them.
/// </summary>
internal sealed record OriginRequest(RouteEntry Route, string Method, string Path, string Query, IHeaderDictionary Asked)
{
    /// <summary>The most origins asked for one answer, where the first cannot be reached.</summary>
    private const int MostAttempts = 3;
    private const string ForwardedPrefix = "X-Forwarded-";

    private static readonly FrozenSet<string> s_left = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range", "Expect",
        "Forwarded", "X-Host", "X-Original-URL", "X-Original-Host", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override");

    public string? Range { get; init; }
    public string? IfRange { get; init; }
    public string? IfNoneMatch { get; init; }
    public string? IfModifiedSince { get; init; }

    /// <summary>
    /// Sends and hands the answer to the sink. An origin that cannot be reached is passed over for another: nothing has
    /// been answered yet, and the request is safe to repeat.
    /// </summary>
    /// <param name="sink">Takes the answer.</param>
    /// <param name="cancel">Ends the sending; the proxy ends it too, where an answer that has begun breaks off.</param>
    public async Task<OriginFault> SendAsync(IAnswerSink sink, CancellationTokenSource cancel)
    {
        var trip = new OriginTrip();
        for (var attempt = 1; ; attempt++)
        {
            using var answer = new OriginAnswer(sink, trip, cancel);
            var http = new DefaultHttpContext(Features(answer));
            http.Features.Set(trip);
            try
            {
                await Route.Forward(http);
            }
            catch (Exception) when (answer.RequestAborted.IsCancellationRequested)
            {
                return OriginFault.BrokenOff;
            }

            var fault = OriginTrip.FaultOf(http);
            if (fault == OriginFault.None && !answer.RequestAborted.IsCancellationRequested)
            {
                await answer.CompleteAsync();
                return OriginFault.None;
            }

            trip.Add(http);
            if (answer.HasStarted) return OriginFault.BrokenOff;
            if (fault == OriginFault.None || attempt == MostAttempts || fault == OriginFault.NoDestination || !trip.LeavesOne || cancel.IsCancellationRequested) return fault;
        }
    }

    private OriginFeatures Features(OriginAnswer answer)
    {
        var features = new OriginFeatures();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = Method, Scheme = "http", Protocol = "HTTP/1.1", PathBase = "", Path = Path, QueryString = Query, Headers = Headers(), Body = Stream.Null,
        });
        features.Set<IHttpRequestBodyDetectionFeature>(NoBody.Instance);
        features.Set<IHttpResponseFeature>(answer);
        features.Set<IHttpResponseBodyFeature>(answer);
        features.Set<IHttpRequestLifetimeFeature>(answer);
        return features;
    }

    private IHeaderDictionary Headers()
    {
        IHeaderDictionary headers = new HeaderDictionary(Asked.Count);
        foreach (var (name, value) in Asked)
            if (!s_left.Contains(name) && !name.StartsWith(ForwardedPrefix, StringComparison.OrdinalIgnoreCase) && HopByHop.IsForwarded(name)) headers[name] = value;
        if (Asked.Connection.Count > 0) HopByHop.StripNamed(headers, Asked.Connection);
        if (Range is not null) headers.Range = Range;
        if (IfRange is not null) headers.IfRange = IfRange;
        if (IfNoneMatch is not null) headers.IfNoneMatch = IfNoneMatch;
        if (IfModifiedSince is not null) headers.IfModifiedSince = IfModifiedSince;
        return headers;
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public static readonly NoBody Instance = new();

        public bool CanHaveBody => false;
    }
}
