using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.Http.Documents;
using TierOperator.Sidecar.Telemetry;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// Every request that is not a plain memory hit: 1. host, origin and token; 2. which call, and its ids; 3. the call; 4. whatever
/// went wrong as a problem, the metric and the span.
/// </summary>
internal sealed partial class GeneralWay(ApiServices services, CallTable calls, HostGuard guard, BearerToken? token)
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
            await FailAsync(http, e);
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

    private async Task FailAsync(HttpContext http, Exception e)
    {
        if (http.RequestAborted.IsCancellationRequested || e is ConnectionAbortedException or ConnectionResetException)
        {
            http.Abort();
            return;
        }

        if (e is not (BadHttpRequestException or DocumentException) && !IsBadChunk(e)) LogFailure(services.Log, http.Request.Method, e);
        if (http.Response.HasStarted) http.Abort();
        else await ProblemOf(e).WriteAsync(http);
    }

    private static Problem ProblemOf(Exception e) => e switch
    {
        BadHttpRequestException { StatusCode: 408 } => Problems.TooSlow(),
        BadHttpRequestException bad => Problems.Malformed($"The request is not well-formed HTTP: {bad.Message}"),
        DocumentException document => Problems.Malformed(document.Message),
        _ when IsBadChunk(e) => Problems.Malformed("The request is not well-formed HTTP: a chunk's size is out of range."),
        _ => Problems.Internal(),
    };

    // Kestrel tells every other broken chunk as a bad request, but not a size that overflows.
    private static bool IsBadChunk(Exception e) => e is IOException { InnerException: OverflowException };

    [LoggerMessage(EventId = 101, Level = LogLevel.Error, Message = "A {Method} call failed")]
    private static partial void LogFailure(ILogger logger, string method, Exception exception);
}
