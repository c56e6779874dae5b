using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

internal static partial class RequirementRows
{
    private static CacheStep Known(params string[] asked) => Hit(asked) with { Status = 304, Body = "" };

    private static IEnumerable<CacheRow> Validation =>
    [
        new("9111 4.3.1", "a stale response is validated by its entity tag", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Validated().At(61), Hit()),
        new("9111 4.3.1", "by a weak one too", Fetch("Cache-Control: max-age=60", "ETag: W/\"a\""), Validated().At(61)),
        new("9111 4.3.1", "and by its last change", Fetch("Cache-Control: max-age=60", "Last-Modified: {past}"), Validated().At(61)),
        new("9111 4.3.3", "what is new replaces it", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), new CacheStep { After = 61, From = From.Validation, Status = 200, Body = "two", Reply = OriginReply.Of("two", "Cache-Control: max-age=60") with { Status = 201 } } with { Status = 201 }, Hit() with { Body = "two" }),
        new("9111 4.3.3", "an error of the origin is passed on", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Again().At(61).Status(500) with { From = From.Validation }),
        new("9111 4.3.4", "a 304 makes fresh and leaves what it does not name", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", "Test: 1"), Validated().At(61) with { Reply = OriginReply.Of("", "Cache-Control: max-age=60", "Other: 2"), Has = ["Test: 1", "Other: 2"] }, Hit().Has("Test: 1", "Other: 2")),
        new("9111 3.2", "it updates what it names", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", "Test: 1"), Validated().At(61) with { Reply = OriginReply.Of("", "Cache-Control: max-age=600", "Test: 2"), Has = ["Test: 2", "Cache-Control: max-age=600"] }, Hit().At(300).Has("Test: 2")),
        new("9111 3.2", "but not what belongs to the body", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", "Content-Encoding: x"), Validated().At(61) with { Reply = OriginReply.Of("", "Cache-Control: max-age=60", "Content-Encoding: y", "Content-Length: 99"), Has = ["Content-Encoding: x", "Content-Length: 3"] }, Hit().Has("Content-Encoding: x", "Content-Length: 3")),
        new("9111 4.1", "a 304 that varies by more leaves nothing that others could get", Fetch("Cache-Control: max-age=60", "ETag: \"a\"").Asking("Foo: 1"), Validated("Foo: 1").At(61) with { Reply = OriginReply.Of("", "Cache-Control: max-age=60", "ETag: \"a\"", "Vary: Foo") }, Again("Foo: 2")),
        new("9111 4.3.4", "a 304 that forbids storing is the last of it, and says so", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), (Validated().At(61) with { Reply = OriginReply.Of("", "Cache-Control: no-store", "ETag: \"a\"") }).Has("Cache-Status: tier; fwd=stale; fwd-status=304"), Again()),
        new("9111 4.3.1", "fields that Vary names go with the validation", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", "Vary: Foo").Asking("Foo: 1"), Validated("Foo: 1").At(61)),
        new("9111 4.3.2", "If-None-Match with the stored tag is 304", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Known("If-None-Match: \"a\"").Has("ETag: \"a\"")),
        new("9111 4.3.2", "weak tags compare", Fetch("Cache-Control: max-age=60", "ETag: W/\"a\""), Known("If-None-Match: \"a\"")),
        new("9111 4.3.2", "one of several", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Known("If-None-Match: \"b\", \"a\"")),
        new("9111 4.3.2", "a tag with a comma in it", Fetch("Cache-Control: max-age=60", "ETag: \"a,b\""), Known("If-None-Match: \"c\", \"a,b\"")),
        new("9111 4.3.2", "any, by a star", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Known("If-None-Match: *")),
        new("9111 4.3.2", "another tag gets the body", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Hit("If-None-Match: \"b\"") with { Status = 200, Body = "one" }),
        new("9110 13.2.2", "If-None-Match goes before If-Modified-Since", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", "Last-Modified: {past}"), Hit("If-None-Match: \"b\"", "If-Modified-Since: {now}") with { Status = 200 }),
        new("9111 4.3.2", "If-Modified-Since after the last change is 304", Fetch("Cache-Control: max-age=60", "Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"), Known("If-Modified-Since: Thu, 01 Jan 2015 00:00:00 GMT")),
        new("9111 4.3.2", "before it gets the body", Fetch("Cache-Control: max-age=60", "Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"), Hit("If-Modified-Since: Wed, 31 Dec 2014 00:00:00 GMT") with { Status = 200 }),
        new("9110 5.6.7", "in the old form as well", Fetch("Cache-Control: max-age=60", "Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"), Known("If-Modified-Since: Thursday, 01-Jan-15 00:00:00 GMT")),
        new("9111 4.3.2", "a miss that the client has already is 304 too", Fetch("Cache-Control: max-age=60", "ETag: \"a\"").Asking("If-None-Match: \"a\"") with { Status = 304 }, Hit() with { Body = "one" }),
        new("9110 13.1.1", "If-Match is the origin's to decide", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Again("If-Match: \"b\"").Status(412)),
        new("9111 4.3.5", "a HEAD is answered from a stored GET", Fetch("Cache-Control: max-age=60", "Test: 1"), new CacheStep { Method = "HEAD", From = From.Cache, Has = ["Test: 1", "Content-Length: 3"], Body = "" }),
        new("9111 4.3.5", "a HEAD that is sent on is not an answer to GET", Fetch("Cache-Control: max-age=60").By("HEAD"), Again()),
        new("9111 4.3.5", "a HEAD whose answer fits a stale response makes it fresh", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", "Test: 1"), Headed(61, "Cache-Control: max-age=60", "ETag: \"a\"", "Content-Length: 3", "Test: 2"), Hit().Has("Test: 2") with { Body = "one" }),
        new("9111 4.3.5", "one with another entity tag makes it be forgotten", Fetch("Cache-Control: max-age=60, stale-if-error=600", "ETag: \"a\""), Headed(61, "Cache-Control: max-age=60", "ETag: \"b\""), Down() with { Status = 502 }),
        new("9111 4.3.5", "one with another length too", Fetch("Cache-Control: max-age=60, stale-if-error=600", "ETag: \"a\""), Headed(61, "Cache-Control: max-age=60", "ETag: \"a\"", "Content-Length: 4"), Down() with { Status = 502 }),
        new("9111 4.3.5", "and with another last change", Fetch("Cache-Control: max-age=60, stale-if-error=600", "Last-Modified: {past}"), Headed(61, "Cache-Control: max-age=60", "Last-Modified: {now}"), Down() with { Status = 502 }),
        new("9111 4.3.5", "one that failed says nothing", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Headed(61, "ETag: \"b\"").Status(500), Validated()),
        new("9110 9.3.3", "an answer to POST is not given to GET", new CacheStep { Method = "POST", Reply = OriginReply.Of("one", "Cache-Control: max-age=60") }, Again()),
        new("9110 9.3.3", "nor when it names its own URL", new CacheStep { Method = "POST", Reply = OriginReply.Of("one", "Cache-Control: max-age=60", "Content-Location: /r") }, Again()),
    ];

    private const string Huge = "99999999999999999999";
    private static readonly string[] s_pastTheEnd = ["10-", "10-20", "-0", "9223372036854775807-", "9223372036854775808-", $"{Huge}-", $"{Huge}-{Huge}0", $"10-{Huge}", $"000{Huge}-{Huge}"];
    private static readonly string[] s_noRanges = ["5-2", $"{Huge}-5", $"{Huge}9-{Huge}8", $"{Huge}0-{Huge}", "+1-2", "1-+2", "0x1-2", "1.0-2", "--1", "-", "", "1-2-3", "a-b", "-5-", "1-2a"];

    private static CacheStep Headed(int after, params string[] fields) => new() { Method = "HEAD", After = after, From = From.Origin, Reply = OriginReply.Of("one", fields), Body = "" };

    private static CacheStep Range(string range, string body, string contentRange)
        => Hit($"Range: bytes={range}") with { Status = 206, Body = body, Has = [$"Content-Range: {contentRange}", $"Content-Length: {body.Length}"] };

    private static IEnumerable<CacheRow> Reuse =>
    [
        new("9110 14.2", "a range of a stored response", Whole, Range("2-4", "234", "bytes 2-4/10")),
        new("9110 14.1.2", "from a place on", Whole, Range("8-", "89", "bytes 8-9/10")),
        new("9110 14.1.2", "the last bytes", Whole, Range("-3", "789", "bytes 7-9/10")),
        new("9110 14.1.2", "more than there are", Whole, Range("5-100", "56789", "bytes 5-9/10")),
        .. s_pastTheEnd.Select(range => new CacheRow("9110 15.5.17", $"{range} of ten bytes is past the end: 416", Whole, Hit($"Range: bytes={range}") with { Status = 416, Has = ["Content-Range: bytes */10", "Content-Type: application/problem+json"] })),
        new("9110 14.1.2", "a last position of any size is the end", Whole, Range($"8-{Huge}", "89", "bytes 8-9/10")),
        new("9110 14.1.2", "a suffix of any size is the whole", Whole, Range($"-{Huge}", "0123456789", "bytes 0-9/10")),
        .. s_noRanges.Select(range => new CacheRow("9110 14.1.1", $"{range} is no range and gets the whole", Whole, Hit($"Range: bytes={range}") with { Status = 200, Body = "0123456789" })),
        new("9110 14.2", "another unit too", Whole, Hit("Range: lines=1-2") with { Status = 200, Body = "0123456789" }),
        new("9110 14.2", "HEAD knows no ranges", Whole, new CacheStep { Method = "HEAD", Asked = ["Range: bytes=2-4"], From = From.Cache, Status = 200, Has = ["Content-Length: 10"], Lacks = ["Content-Range"], Body = "" }),
        new("9110 13.1.5", "If-Range with the stored tag gets the range", Whole, Hit("Range: bytes=0-0", "If-Range: \"a\"") with { Status = 206, Body = "0" }),
        new("9110 13.1.5", "with another the whole", Whole, Hit("Range: bytes=0-0", "If-Range: \"b\"") with { Status = 200 }),
        new("9110 13.1.5", "a date that is not strong holds never", Fetch("Cache-Control: max-age=60", "Date: {now}", "Last-Modified: {now}"), Hit("Range: bytes=0-0", "If-Range: {now}") with { Status = 200 }),
        new("9110 13.1.5", "one of a change a second before the response does", Fetch("Cache-Control: max-age=60", "Date: Thu, 01 Jan 2015 00:00:01 GMT", "Age: 0", "Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"), new CacheStep { Asked = ["Range: bytes=0-0", "Cache-Control: max-stale", "If-Range: Thu, 01 Jan 2015 00:00:00 GMT"], From = From.Cache, Status = 206, Body = "o" }),
        new("9110 13.1.5", "a weak tag holds never", Fetch("Cache-Control: max-age=60", "ETag: W/\"a\""), Hit("Range: bytes=0-0", "If-Range: W/\"a\"") with { Status = 200 }),
        new("9110 14.4", "a part of a whole beyond all numbers is not kept", Fetch("Cache-Control: max-age=60", "ETag: \"a\"", $"Content-Range: bytes 0-2/{Huge}").Status(206).Asking("Range: bytes=0-2"), Again("Range: bytes=0-2")),
        new("9111 3.3", "a part is not given for the whole", Fetch("Cache-Control: max-age=60", "Content-Range: bytes 0-2/10").Status(206).Asking("Range: bytes=0-2"), Again()),
        .. new[] { "POST", "PUT", "DELETE", "PATCH", "M-SEARCH" }.Select(method => new CacheRow("9111 4.4", $"{method} invalidates", Fetch("Cache-Control: max-age=60"), new CacheStep { Method = method }, Again())),
        .. new[] { "POST", "PUT", "DELETE" }.Select(method => new CacheRow("9111 4.4", $"{method} that fails does not", Fetch("Cache-Control: max-age=60"), new CacheStep { Method = method }.Status(500), Hit())),
        new("9111 4.4", "Location is invalidated", Fetch("Cache-Control: max-age=60").On("/b"), new CacheStep { Method = "POST", Reply = OriginReply.Of("", "Location: /r/b") }, Again().On("/b")),
        new("9111 4.4", "Content-Location too", Fetch("Cache-Control: max-age=60").On("/b"), new CacheStep { Method = "PUT", Reply = OriginReply.Of("", "Content-Location: /r/b") }, Again().On("/b")),
        new("9111 4.4", "but not of another host", Fetch("Cache-Control: max-age=60").On("/b"), new CacheStep { Method = "POST", Reply = OriginReply.Of("", "Location: http://elsewhere.example/r/b") }, Hit().On("/b")),
        new("9111 4.4", "all variants go", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1"), Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 2"), new CacheStep { Method = "POST" }, Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1"), Again("Foo: 2")),
    ];

    private static CacheStep Whole => new() { From = From.Origin, Reply = OriginReply.Of("0123456789", "Cache-Control: max-age=60", "ETag: \"a\"") };
}
