using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

internal static partial class RequirementRows
{
    private static IEnumerable<CacheRow> Extensions =>
    [
        new("5861 3", "stale-while-revalidate gives the stale one", Fetch("Cache-Control: max-age=60, stale-while-revalidate=60"), new CacheStep { After = 70, Status = 200, Body = "one", Reply = OriginReply.Of("two", "Cache-Control: max-age=60") }),
        new("5861 3", "within its window only", Fetch("Cache-Control: max-age=60, stale-while-revalidate=60"), Again().At(121)),
        new("5861 4", "stale-if-error gives the stale one when the origin is away", Fetch("Cache-Control: max-age=60, stale-if-error=60"), Down().At(70) with { Status = 200, Body = "one", Has = ["Age: 70"] }),
        new("5861 4", "and when it fails", Fetch("Cache-Control: max-age=60, stale-if-error=60"), new CacheStep { After = 70, Status = 200, Body = "one", Reply = new OriginReply { Status = 503 } }),
        new("5861 4", "but not for a client's error", Fetch("Cache-Control: max-age=60, stale-if-error=60"), new CacheStep { After = 70, Status = 404, Reply = new OriginReply { Status = 404 } }),
        new("5861 4", "within its window only", Fetch("Cache-Control: max-age=60, stale-if-error=60"), Down().At(121) with { Status = 502 }),
        new("5861 4", "a request may ask for it", Fetch("Cache-Control: max-age=60"), Down("Cache-Control: stale-if-error=60").At(70) with { Status = 200, Body = "one" }),
        new("9213 2.2", "CDN-Cache-Control overrules Cache-Control", Fetch("CDN-Cache-Control: max-age=60", "Cache-Control: max-age=1"), Hit().At(30)),
        new("9213 2.2", "also a longer one", Fetch("CDN-Cache-Control: max-age=1", "Cache-Control: max-age=3600"), Again().At(2)),
        new("9213 2.2", "and no-store, and a past Expires", Fetch("CDN-Cache-Control: max-age=60", "Cache-Control: no-store", "Expires: {past}"), Hit()),
        new("9213 2.2", "max-age=0 overrules Expires", Fetch("CDN-Cache-Control: max-age=0", "Expires: {soon}"), Again()),
        .. new[] { "private", "no-cache", "no-store" }.Select(directive => new CacheRow("9213 2.2", $"{directive} there counts", Fetch($"CDN-Cache-Control: {directive}", "Cache-Control: max-age=60", "Expires: {soon}"), Again())),
        new("9213 2.1", "one that is no dictionary is ignored", Fetch("CDN-Cache-Control: max-age=60, &&&&&", "Cache-Control: no-store"), Again()),
        new("9213 2.1", "one of the wrong type is ignored", Fetch("CDN-Cache-Control: max-age=\"60\"", "Cache-Control: no-store"), Again()),
        new("9213 2.1", "unknown members and parameters are nothing", Fetch("CDN-Cache-Control: foo;a=1, max-age=60", "Cache-Control: no-store"), Hit()),
        new("9213 2.2", "Age counts against it", Fetch("CDN-Cache-Control: max-age=60", "Age: 61"), Again()),
        new("9213 2.2", "it is passed on", Fetch("CDN-Cache-Control: max-age=60").Has("CDN-Cache-Control: max-age=60"), Hit().Has("CDN-Cache-Control: max-age=60")),
        new("Surrogate-Control", "overrules Cache-Control", Fetch("Surrogate-Control: max-age=60", "Cache-Control: no-store"), Hit()),
        new("Surrogate-Control", "its second number is for stale ones", Fetch("Surrogate-Control: max-age=60+60", "Cache-Control: no-store"), new CacheStep { After = 70, Status = 200, Body = "one", Reply = OriginReply.Of("two", "Cache-Control: no-store") }),
        new("9211 2", "a hit says so, and how long it is good", Fetch("Cache-Control: max-age=60"), Hit().At(10).Has("Cache-Status: tier; hit; ttl=50")),
        new("9211 2", "a miss says so, and that it is stored", Fetch("Cache-Control: max-age=60").Has("Cache-Status: tier; fwd=uri-miss; fwd-status=200; stored")),
        new("9211 2", "a validation says so", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Validated().At(61).Has("Cache-Status: tier; fwd=stale; fwd-status=304; stored")),
        new("9211 2.2", "a miss because of Vary says so", Fetch("Cache-Control: max-age=60", "Vary: A").Asking("A: 1"), Again("A: 2").Has("Cache-Status: tier; fwd=vary-miss; fwd-status=200")),
        new("9211 2.2", "and a stored one of the other kind is a hit", Fetch("Cache-Control: max-age=60", "Vary: A").Asking("A: 1"), Again("A: 2"), Hit("A: 1").Has("Cache-Status: tier; hit; ttl=60")),
        new("9211 2.2", "one of which only other parts are stored says so", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", "Content-Range: bytes 0-2/10").Status(206).Asking("Range: bytes=0-2"), Again("Range: bytes=5-6").Has("Cache-Status: tier; fwd=partial; fwd-status=200")),
        new("9211 2.2", "HEAD without a stored response is a miss like any other", new CacheStep { Method = "HEAD", From = From.Origin, Has = ["Cache-Status: tier; fwd=uri-miss"] }),
        new("9211 2.2", "an origin that is away is said beside the problem", Down() with { Status = 502, Has = ["Cache-Status: tier; fwd=uri-miss"] }),
        new("9211 2.2", "a fresh one that the request does not take says so", Fetch("Cache-Control: max-age=60"), Again("Cache-Control: no-cache").Has("Cache-Status: tier; fwd=request; fwd-status=200")),
        new("9211 2.2", "also when it is validated", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Validated("Cache-Control: no-cache").Has("Cache-Status: tier; fwd=request; fwd-status=304; stored")),
        new("9211 2.2", "one that is validated each time is stale", Fetch("Cache-Control: no-cache", "ETag: \"a\""), Validated().Has("Cache-Status: tier; fwd=stale; fwd-status=304; stored")),
        new("9211 2.3", "the status of what the origin answered stands there", Fetch("Cache-Control: no-store").Status(404).Has("Cache-Status: tier; fwd=uri-miss; fwd-status=404")),
        new("9211 2.4", "a stale hit has a negative ttl", Fetch("Cache-Control: max-age=60"), Hit("Cache-Control: max-stale").At(65).Has("Cache-Status: tier; hit; ttl=-5")),
        new("9211 2", "an origin's own comes first", Fetch("Cache-Control: no-store", "Cache-Status: up; hit").Has("Cache-Status: up; hit,tier; fwd=uri-miss; fwd-status=200")),
        new("9211 2", "also of an answer that is stored", Fetch("Cache-Control: max-age=60", "Cache-Status: up; hit").Has("Cache-Status: up; hit,tier; fwd=uri-miss; fwd-status=200; stored"), Hit().Has("Cache-Status: tier; hit; ttl=60")),
        new("9211 2", "one that varies by too much is not stored, and does not say so", Fetch("Cache-Control: max-age=60", $"Vary: {string.Join(", ", Enumerable.Range(0, 21).Select(i => $"A{i}"))}").Has("Cache-Status: tier; fwd=uri-miss; fwd-status=200"), Again()),
        new("9211 2.2", "a condition that only the origin decides passes the cache", new CacheStep { Asked = ["If-Match: \"a\""], From = From.Origin, Has = ["Cache-Status: tier; fwd=bypass"] }),
        new("9211 2", "other methods say so", new CacheStep { Method = "POST", Has = ["Cache-Status: tier; fwd=method"] }),
    ];

    private static IEnumerable<CacheRow> Intermediaries =>
    [
        new("9110 7.6.1", "what Connection names of an answer is not passed on", Fetch("Connection: a", "a: 1", "b: 2").Lacks("a").Has("b: 2")),
        new("9110 7.6.2", "OPTIONS with no forwards left is answered here", new CacheStep { Method = "OPTIONS", Asked = ["Max-Forwards: 0"], From = From.Cache, Status = 204 }),
        new("9110 7.6.2", "TRACE too", new CacheStep { Method = "TRACE", Asked = ["Max-Forwards: 0"], From = From.Cache, Status = 405 }),
        new("9110 7.6.2", "a Max-Forwards that is no number is nothing", new CacheStep { Method = "OPTIONS", Asked = ["Max-Forwards: none"], From = From.Origin, Status = 200 }),
        new("9110 7.6.2", "another method ignores it", Fetch("Cache-Control: max-age=60").Asking("Max-Forwards: 0"), Hit("Max-Forwards: 0")),
        new("9110 9.3.7", "OPTIONS is not cached", new CacheStep { Method = "OPTIONS", From = From.Origin, Reply = OriginReply.Of("one", "Cache-Control: max-age=60") }, new CacheStep { Method = "OPTIONS", From = From.Origin, Reply = OriginReply.Of("two") }, Again()),
        new("9110 9.3.7", "OPTIONS is passed on else", new CacheStep { Method = "OPTIONS", Asked = ["Max-Forwards: 1"], From = From.Origin, Status = 200 }),
    ];
}
