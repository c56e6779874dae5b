using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>
/// What an answer to HEAD says of the stored answer to GET: where nothing in it speaks against that being the same representation, it is fresh
/// again with the newer fields, else it is forgotten. Source: RFC 9111, 4.3.5.
/// </summary>
internal static class HeadFreshening
{
    /// <summary>Watches the answer that is about to come. The stored response stays in the caller's hands.</summary>
    public static void Watch(HttpContext http, CacheAsk ask, FoundResponse found, ResponseStore store, TimeProvider time)
    {
        var askedMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        http.Response.OnStarting(async () =>
        {
            if (http.Response.StatusCode != StatusCodes.Status200OK || found.Head.Status != StatusCodes.Status200OK) return;
            var exchange = new OriginExchange
            {
                Method = HttpMethods.Head, Asked = ask.Directives, HasAuthorization = ask.HasAuthorization, Status = StatusCodes.Status200OK,
                Headers = http.Response.Headers, AskedMs = askedMs, ReceivedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            var renewed = IsSame(found.Head, exchange.Headers) ? HeadBuilder.Renew(found.Head, exchange, ask.Entry) : null;
            if (renewed is null) await store.RemoveAsync(ask.Primary!, CancellationToken.None);
            else await store.RenewAsync(found, renewed, CancellationToken.None);
        });
    }

    private static bool IsSame(StoredResponse stored, IHeaderDictionary newer)
        => (newer.ETag.Count == 0 || newer.ETag == stored.ETag)
           && (newer.LastModified.Count == 0 || newer.LastModified == stored.LastModified)
           && (newer.ContentLength is not { } length || length == stored.BodyLength);
}
