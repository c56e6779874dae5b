using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>
/// The fresh hit in memory: answered in one synchronous pass over the server's own features. Whatever is unusual (a
/// directive, a range, a large body, something stale) goes the general way.
/// </summary>
internal sealed class HotHit(RoutesState routes, ResponseStore store, HostGuard guard, TimeProvider time)
{
    private const int LongestKey = 1024;

    [ThreadStatic]
    private static byte[]? s_buffer;

    /// <summary>True when the request is answered; the server flushes when the caller returns.</summary>
    [SkipLocalsInit]
    public bool TryAnswer(IFeatureCollection features)
    {
        if (routes.Current is not { } set) return false;
        var request = features.Get<IHttpRequestFeature>()!;
        if (!IsPlain(request)) return false;
        if (set.Matcher.Match(request) is not { IsCached: true, Route.Cache.CachesGet: true } entry) return false;

        Span<byte> key = stackalloc byte[LongestKey];
        var length = entry.Keys.Write(request.Path, request.QueryString, key);
        if (length == 0) return false;
        var buffer = s_buffer ??= GC.AllocateUninitializedArray<byte>(ItemValue.LargeFrom);
        if (!TryRead(key[..length], request.Headers, buffer, out var hit)) return false;
        if (store.Heads.Read(hit.Version, buffer.AsSpan(0, (int)hit.Length)) is not { Place: BodyPlace.Inline } head) return false;
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!head.Freshness.IsFresh(nowMs) || store.Purges.Covers(key[..length], head)) return false;

        Answer(features, request, head, buffer.AsMemory(0, (int)hit.Length), nowMs);
        entry.Counters.Count(RouteOutcome.Hit);
        return true;
    }

    private bool IsPlain(IHttpRequestFeature request)
    {
        if (!HttpMethods.IsGet(request.Method) || request.Path.Contains('%', StringComparison.Ordinal)) return false;
        var headers = request.Headers;
        return guard.IsUsual(headers.Host, headers.Origin)
            && headers.CacheControl.Count == 0 && headers.Pragma.Count == 0 && headers.Range.Count == 0 && headers.Upgrade.Count == 0
            && headers.IfModifiedSince.Count == 0 && headers.IfMatch.Count == 0 && headers.IfUnmodifiedSince.Count == 0
            && headers.ContentLength is null && headers.TransferEncoding.Count == 0;
    }

    private bool TryRead(ReadOnlySpan<byte> key, IHeaderDictionary asked, byte[] buffer, out MemoryHit hit)
    {
        if (!TryReadSmall(key, buffer, out hit)) return false;
        if (ResponseCodec.ReadMarker(buffer.AsSpan(0, (int)hit.Length)) is not { } marker) return true;
        return TryReadSmall(ResponseKeys.Variant(key, marker, asked), buffer, out hit);
    }

    private bool TryReadSmall(ReadOnlySpan<byte> key, byte[] buffer, out MemoryHit hit)
    {
        if (!store.Engine.TryReadMemory(key, ResponseStore.Item, buffer, out hit)) return false;
        if (hit.Large is null) return true;
        hit.Large.Release();
        return false;
    }

    private static void Answer(IFeatureCollection features, IHttpRequestFeature request, StoredResponse head, ReadOnlyMemory<byte> item, long nowMs)
    {
        var response = features.Get<IHttpResponseFeature>()!;
        StoredHead.Write(response.Headers, head);
        (response.Headers.Age, response.Headers[CacheStatus.Field]) = head.TextsAt(nowMs);
        if (request.Headers.IfNoneMatch.Count > 0 && head.Status is >= 200 and < 300 && Conditions.IsNotModified(request.Headers, head.ETag, head.LastModified, null, nowMs))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.Headers.ContentLength = null;
            return;
        }

        response.StatusCode = head.Status;
        if (head.Status == StatusCodes.Status204NoContent) return;
        response.Headers.ContentLength = head.BodyLength;
        var body = features.Get<IHttpResponseBodyFeature>()!.Writer;
        var bytes = item.Span[^(int)head.BodyLength..];
        bytes.CopyTo(body.GetSpan(bytes.Length));
        body.Advance(bytes.Length);
    }
}
