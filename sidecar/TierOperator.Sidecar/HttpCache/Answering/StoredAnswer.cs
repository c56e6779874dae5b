using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>Answers from a stored response: whole, a range of it, or that the client has it already.</summary>
internal static class StoredAnswer
{
    /// <summary>
    /// True when it answered. False where what is stored is a part that the request does not fit in, so that the origin must
    /// be asked.
    /// </summary>
    public static async Task<bool> TryWriteAsync(HttpContext http, FoundResponse found, StoredResponse head, string status, long nowMs)
    {
        var asked = http.Request.Headers;
        var kind = RangeOf(asked, head, nowMs, out var range);
        if (head.Part is { } part && (kind != RangeKind.One || range.First < part.First || range.Last > part.Last)) return false;
        var response = http.Response;
        StoredHead.Write(response.Headers, head);
        response.Headers.Age = head.TextsAt(nowMs).Age;
        response.Headers[CacheStatus.Field] = status;
        response.Headers.ContentLength = null;
        if (head.Status is >= 200 and < 300 && Conditions.IsNotModified(asked, head.ETag, head.LastModified, head.Field("Date"), nowMs))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return true;
        }

        if (kind == RangeKind.Unsatisfiable) Unsatisfiable(response, head.WholeLength);
        else await WriteBodyAsync(http, found, head, kind == RangeKind.One ? range : null);
        return true;
    }

    public static RangeKind RangeOf(IHeaderDictionary asked, StoredResponse head, long nowMs, out ByteRange range)
    {
        range = default;
        if (asked.Range.Count == 0 || head.Status is not (200 or 206)) return RangeKind.Whole;
        return Conditions.AllowsRange(asked.IfRange, head.ETag, head.LastModified, nowMs)
            ? RangeRules.Read(asked.Range, head.WholeLength, out range) : RangeKind.Whole;
    }

    public static void Unsatisfiable(HttpResponse response, long whole)
    {
        response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
        response.Headers.ContentRange = $"bytes */{whole}";
        response.ContentLength = 0;
    }

    private static async Task WriteBodyAsync(HttpContext http, FoundResponse found, StoredResponse head, ByteRange? range)
    {
        var response = http.Response;
        response.StatusCode = range is null ? head.Status : StatusCodes.Status206PartialContent;
        if (range is { } one) response.Headers.ContentRange = one.ContentRange(head.WholeLength);
        var from = head.Part?.First ?? 0;
        var wanted = range is { } part ? new ByteRange(part.First - from, part.Last - from) : new ByteRange(0, head.BodyLength - 1);
        if (head.Status == StatusCodes.Status204NoContent) return;
        response.ContentLength = wanted.Length;
        if (HttpMethods.IsHead(http.Request.Method) || wanted.Length == 0) return;
        if (!await found.WriteAsync(response.BodyWriter, wanted, http.RequestAborted)) http.Abort();
    }
}
