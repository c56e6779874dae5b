using TierOperator.Sidecar.HttpCache.Parts;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>Answers a range from stored parts.</summary>
internal static class PartAnswer
{
    /// <summary>False where the parts do not have it, or the request's conditions are for the origin.</summary>
    public static async Task<bool> TryWriteAsync(HttpContext http, StoredParts parts, long nowMs)
    {
        var asked = http.Request.Headers;
        if (asked.IfNoneMatch.Count > 0 || asked.IfModifiedSince.Count > 0 || !Conditions.AllowsRange(asked.IfRange, parts.Head, nowMs)) return false;
        if (RangeRules.Read(asked.Range, parts.Total, out var range) != RangeKind.One || parts.BytesOf(range) is not { } bytes) return false;
        var (age, status) = parts.Head.TextsAt(nowMs);
        var response = http.Response;
        StoredHead.Write(response.Headers, parts.Head);
        response.Headers.Age = age;
        response.Headers[CacheStatus.Field] = status;
        response.Headers.ContentRange = range.ContentRange(parts.Total);
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentLength = bytes.Length;
        await response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
        return true;
    }
}
