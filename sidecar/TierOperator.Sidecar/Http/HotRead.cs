using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.Metrics;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// The memory hit: <c>GET /v1/sessions/{s}/items/{i}</c> answered in one synchronous pass over the server's own
/// features, with no context, logging or tracing. Whatever is unusual goes the general way.
/// </summary>
/// <remarks>
/// 1. Only GET, only the usual host, no origin. 2. The path is taken apart into stack buffers. 3. The engine copies a hit
/// into this thread's buffer. 4. Headers are strings that exist already, but for the entity tag. 5. One write of the body.
/// </remarks>
internal sealed class HotRead(TierEngine engine, HostGuard guard, BearerToken? token, SidecarMetrics metrics)
{
    [ThreadStatic]
    private static byte[]? s_buffer;

    private static readonly string[] Ages = [.. Enumerable.Range(0, 1024).Select(age => age.ToString(CultureInfo.InvariantCulture))];

    /// <summary>True when the request is answered; the server flushes when the caller returns.</summary>
    [SkipLocalsInit]
    public bool TryAnswer(IFeatureCollection features)
    {
        var request = features.Get<IHttpRequestFeature>()!;
        if (!HttpMethods.IsGet(request.Method)) return false;
        var headers = request.Headers;
        if (!guard.IsUsual(headers.Host, headers.Origin)) return false;
        if (token is not null && !token.Accepts(headers.Authorization)) return false;

        Span<byte> ids = stackalloc byte[2 * PathParser.MaxIdBytes];
        if (!PathParser.TryParseItem(request.RawTarget, ids, ids[PathParser.MaxIdBytes..], out var session, out var item))
            return false;

        var buffer = s_buffer ??= GC.AllocateUninitializedArray<byte>(ItemValue.LargeFrom);
        if (!engine.TryReadMemory(ids[..session], ids.Slice(PathParser.MaxIdBytes, item), buffer, out var hit)) return false;
        if (hit.Large is not null || ConflictDocument.IsOne(hit.ContentType))
        {
            hit.Large?.Release();
            return false;
        }

        Answer(features, headers, hit, buffer);
        return true;
    }

    private void Answer(IFeatureCollection features, IHeaderDictionary asked, in MemoryHit hit, byte[] buffer)
    {
        var response = features.Get<IHttpResponseFeature>()!;
        var headers = response.Headers;
        headers.ETag = EntityTag.Format(hit.Version);
        headers.Age = Age(hit.AgeSeconds);
        headers[TierHeaders.Source] = "memory";
        headers[TierHeaders.Rule] = hit.Rule.Name;
        var conditional = asked.IfNoneMatch;
        if (conditional.Count > 0 && EntityTag.Matches(conditional, hit.Version))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            metrics.HotReads.Increment304();
            return;
        }

        headers.ContentType = hit.ContentType;
        headers.ContentLength = hit.Length;
        metrics.HotReads.Increment200();
        var body = features.Get<IHttpResponseBodyFeature>()!.Writer;
        var length = (int)hit.Length;
        buffer.AsSpan(0, length).CopyTo(body.GetSpan(length));
        body.Advance(length);
    }

    public static string Age(long seconds)
        => (ulong)seconds < (ulong)Ages.Length ? Ages[seconds] : Math.Max(0, seconds).ToString(CultureInfo.InvariantCulture);
}
