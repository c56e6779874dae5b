using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>Answers from a stored response: whole, a range of it, or that the client has it already.</summary>
internal static class StoredAnswer
{
    public static async Task WriteAsync(HttpContext http, FoundResponse found, StoredResponse head, string status, long nowMs)
    {
        var asked = http.Request.Headers;
        var response = http.Response;
        StoredHead.Write(response.Headers, head);
        response.Headers.Age = head.TextsAt(nowMs).Age;
        response.Headers[CacheStatus.Field] = status;
        response.Headers.ContentLength = null;
        if (head.Status is >= 200 and < 300 && Conditions.IsNotModified(asked, head.ETag, head.LastModified, head.Field("Date"), nowMs))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var kind = RangeOf(http.Request, head, nowMs, out var range);
        if (kind == RangeKind.Unsatisfiable) await (RouteProblems.PastTheEnd(head.BodyLength) with { CacheStatus = status }).WriteAsync(http);
        else await WriteBodyAsync(http, found, head, kind == RangeKind.One ? range : null);
    }

    // Only GET has ranges: RFC 9110, 14.2.
    private static RangeKind RangeOf(HttpRequest request, StoredResponse head, long nowMs, out ByteRange range)
    {
        range = default;
        var asked = request.Headers;
        if (asked.Range.Count == 0 || !HttpMethods.IsGet(request.Method) || head.Status != StatusCodes.Status200OK) return RangeKind.Whole;
        return Conditions.AllowsRange(asked.IfRange, head, nowMs)
            ? RangeRules.Read(asked.Range, head.BodyLength, out range) : RangeKind.Whole;
    }

    private static async Task WriteBodyAsync(HttpContext http, FoundResponse found, StoredResponse head, ByteRange? range)
    {
        var response = http.Response;
        response.StatusCode = range is null ? head.Status : StatusCodes.Status206PartialContent;
        if (range is { } one) response.Headers.ContentRange = one.ContentRange(head.BodyLength);
        var wanted = range ?? new ByteRange(0, head.BodyLength - 1);
        if (head.Status == StatusCodes.Status204NoContent) return;
        response.ContentLength = wanted.Length;
        if (HttpMethods.IsHead(http.Request.Method) || wanted.Length == 0) return;
        if (!await found.WriteAsync(response.BodyWriter, wanted, http.RequestAborted)) http.Abort();
    }
}
