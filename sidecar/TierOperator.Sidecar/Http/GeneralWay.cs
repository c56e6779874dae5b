using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.Telemetry;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// Every request that is not a plain memory hit: 1. host, origin and token; 2. which call, and its ids; 3. the call; 4. whatever
/// went wrong as a problem, the metric and the span.
/// </summary>
internal sealed class GeneralWay(ApiServices services, CallTable calls, HostGuard guard, BearerToken? token)
{
    public async Task AnswerAsync(IFeatureCollection features)
    {
        var http = new DefaultHttpContext(features);
        var target = features.Get<IHttpRequestFeature>()!.RawTarget;
        var started = services.Time.GetTimestamp();
        var match = Admit(http) is { } refused ? new CallMatch(null, [], refused) : calls.Match(http.Request.Method, target);
        using var span = Tracing.StartCall(match.Call, http.Request);
        try
        {
            if (match.Problem is { } problem) await problem.WriteAsync(http);
            else await match.Call!.Handler(new Exchange(http, services, match));
        }
        catch (Exception e)
        {
            await FailureAnswer.WriteAsync(http, e, services.Log);
        }

        Tracing.EndCall(span, http.Response.StatusCode);
        services.Metrics.CountCall(match.Call, http.Response.StatusCode, services.Time.GetElapsedTime(started));
    }

    private Problem? Admit(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (guard.Check(headers.Host, headers.Origin, http.Connection.LocalIpAddress) is { } foreign) return foreign;
        return token is null || token.Accepts(headers.Authorization) ? null : Problems.Unauthorized();
    }
}
