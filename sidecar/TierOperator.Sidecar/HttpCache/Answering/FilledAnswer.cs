using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>Answers from a fill while its body comes.</summary>
internal static class FilledAnswer
{
    /// <summary>An answer that many may be reading, for one that has a place in it.</summary>
    /// <param name="http">The client's request.</param>
    /// <param name="reader">Its place in the body.</param>
    /// <param name="head">The answer's head.</param>
    /// <param name="told">Cache-Status, and whether this client began the fill: what is not stored of the head is for it alone.</param>
    /// <param name="nowMs">Unix milliseconds.</param>
    public static async Task WriteSharedAsync(HttpContext http, BodyReader reader, FillHead head, (string Status, bool IsFirst) told, long nowMs)
    {
        var stored = head.Stored!;
        var response = http.Response;
        StoredHead.Write(response.Headers, stored);
        if (told.IsFirst) WriteOwn(response.Headers, head);
        response.Headers.Age = stored.TextsAt(nowMs).Age is "0" && head.Headers.Age.Count == 0 ? default : stored.TextsAt(nowMs).Age;
        response.Headers.Append(CacheStatus.Field, told.Status);
        response.StatusCode = head.Status;
        if (head.Status is >= 200 and < 300 && Conditions.IsNotModified(http.Request.Headers, stored.ETag, stored.LastModified, stored.Field("Date"), nowMs))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.Headers.ContentLength = null;
            return;
        }

        response.Headers.ContentLength = head.Status is 204 or 205 ? null : head.Headers.ContentLength;
        if (!await reader.CopyToAsync(response.BodyWriter, -1, http.RequestAborted)) http.Abort();
    }

    private static void WriteOwn(IHeaderDictionary target, FillHead head)
    {
        foreach (var name in head.OwnFields)
            if (head.Headers.TryGetValue(name, out var value)) target[name] = value;
        if (head.Headers.TryGetValue(CacheStatus.Field, out var before)) target[CacheStatus.Field] = before;
    }

    /// <summary>An answer for this client alone: its body goes straight through.</summary>
    public static async Task WriteAloneAsync(HttpContext http, Fill fill, FillHead head, string status, long nowMs)
    {
        var response = http.Response;
        response.StatusCode = head.Status;
        foreach (var (name, value) in head.Headers) response.Headers[name] = value;
        response.Headers.Append(CacheStatus.Field, status);
        var tag = head.Headers.ETag.Count == 1 ? head.Headers.ETag[0] : null;
        var changed = head.Headers.LastModified.Count == 1 ? head.Headers.LastModified[0] : null;
        var isKnown = head.Status is >= 200 and < 300 && (tag ?? changed) is not null
            && Conditions.IsNotModified(http.Request.Headers, tag, changed, null, nowMs);
        if (isKnown)
        {
            fill.Cancel();
            response.StatusCode = StatusCodes.Status304NotModified;
            response.Headers.ContentLength = null;
            return;
        }

        // The body of events may be long in coming; any other goes out with the head.
        if (head.Headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase)) await response.Body.FlushAsync(http.RequestAborted);
        else await response.StartAsync(http.RequestAborted);
        using var leaving = http.RequestAborted.Register(fill.Cancel);
        fill.SendTo(response.Body);
        await fill.Done;
        if (!fill.CameWhole) http.Abort();
    }
}
