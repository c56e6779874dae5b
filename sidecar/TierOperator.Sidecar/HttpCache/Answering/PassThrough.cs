using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.Routes;
using Yarp.ReverseProxy.Forwarder;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>Sends a request to its origin and the answer back, as they are: bodies, upgrades and trailers flow untouched.</summary>
internal static class PassThrough
{
    private const int MostAttempts = 3;

    public static async Task SendAsync(HttpContext http, RouteEntry entry, string why)
    {
        // Streams may be silent for as long as their two ends like.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate && IsStream(http)) rate.MinDataRate = null;
        var trip = new OriginTrip { Status = CacheStatus.Passed(why) };
        http.Features.Set(trip);
        var mayRepeat = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method);
        for (var attempt = 1; ; attempt++)
        {
            await entry.Forward(http);
            var fault = OriginTrip.FaultOf(http);
            if (fault == OriginFault.None)
            {
                entry.Counters.Count(RouteOutcome.Passed);
                return;
            }

            if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested) break;
            trip.Add(http);
            if (!mayRepeat || attempt == MostAttempts || fault == OriginFault.NoDestination || !trip.LeavesOne || HasBody(http))
            {
                entry.Counters.Count(RouteOutcome.Failed);
                await (RouteProblems.Of(fault, entry.Route.Name) with { CacheStatus = trip.Status }).WriteAsync(http);
                return;
            }

            http.Features.Set<IForwarderErrorFeature>(null);
            http.Response.StatusCode = StatusCodes.Status200OK;
            http.Response.Headers.Clear();
        }

        entry.Counters.Count(RouteOutcome.Failed);
    }

    private static bool HasBody(HttpContext http) => http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;

    private static bool IsStream(HttpContext http)
        => http.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
}
