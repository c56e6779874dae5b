using Microsoft.AspNetCore.Connections;
using TierOperator.Sidecar.Http.Documents;

namespace TierOperator.Sidecar.Http;

/// <summary>What a client gets when answering it threw.</summary>
internal static partial class FailureAnswer
{
    public static async Task WriteAsync(HttpContext http, Exception e, ILogger log)
    {
        if (http.RequestAborted.IsCancellationRequested || e is ConnectionAbortedException or ConnectionResetException)
        {
            http.Abort();
            return;
        }

        if (e is not (BadHttpRequestException or DocumentException) && !IsBadChunk(e)) LogFailure(log, http.Request.Method, e);
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
