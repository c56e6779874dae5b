using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http;

/// <summary>The one mapping from a write's outcome to HTTP.</summary>
internal static class WriteAnswer
{
    /// <summary>The problem that an outcome is, or null when it is a success.</summary>
    public static Problem? ProblemOf(WriteStatus status, string? detail) => status switch
    {
        WriteStatus.PreconditionFailed => Problems.PreconditionFailed(detail),
        WriteStatus.Conflict => Problems.Disputed(detail),
        WriteStatus.Unprocessable => Problems.Unprocessable(detail),
        WriteStatus.Backlog => Problems.Backlog(detail),
        WriteStatus.NoRoom => Problems.NoRoom(detail),
        WriteStatus.Unavailable => Problems.TierUnavailable(detail),
        _ => null,
    };

    /// <summary>Sets status and headers of a write: 201 new, 204 replaced or deleted, 202 when the ack level could not be had.</summary>
    public static Task WriteAsync(HttpContext http, in WriteOutcome outcome, bool isDelete)
    {
        if (ProblemOf(outcome.Status, outcome.Detail) is { } problem) return problem.WriteAsync(http);
        SetHeaders(http.Response.Headers, outcome, isDelete);
        http.Response.StatusCode = StatusOf(outcome.Status, isDelete);
        return Task.CompletedTask;
    }

    public static int StatusOf(WriteStatus status, bool isDelete) => status switch
    {
        WriteStatus.Created when !isDelete => 201,
        WriteStatus.Accepted => 202,
        _ => ProblemOf(status, null)?.Status ?? 204,
    };

    public static void SetHeaders(IHeaderDictionary headers, in WriteOutcome outcome, bool isDelete)
    {
        if (!isDelete && outcome.Version != default) headers.ETag = EntityTag.Format(outcome.Version);
        if (outcome.Acked != TierSet.None) headers[TierHeaders.Acked] = TierNames.Header(outcome.Acked);
        if (outcome.Pending != TierSet.None) headers[TierHeaders.Pending] = TierNames.Header(outcome.Pending);
        if (outcome.Unavailable != TierSet.None) headers[TierHeaders.Unavailable] = TierNames.Header(outcome.Unavailable);
        if (outcome.Rule is { } rule) headers[TierHeaders.Rule] = rule.Name;
    }
}
