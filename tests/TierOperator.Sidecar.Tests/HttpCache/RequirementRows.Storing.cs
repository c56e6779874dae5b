namespace TierOperator.Sidecar.Tests.HttpCache;

internal static partial class RequirementRows
{
    private static readonly int[] s_heuristic = [200, 203, 300, 301, 308, 404, 405, 410, 414, 501];
    private static readonly int[] s_notHeuristic = [201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599];
    private static readonly int[] s_explicit = [200, 203, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599];
    private static readonly string[] s_stored = ["Test-Header: a", "X-Test-Header: a", "Content-Foo: a", "Content-Encoding: a", "Content-Location: /a", "Content-Security-Policy: a", "Content-Type: text/a", "ETag: \"a\"", "Set-Cookie: a=b", "X-Frame-Options: a", "Via: 1.1 up"];
    private static readonly string[] s_notStored = ["Connection: a", "Keep-Alive: a", "Proxy-Authenticate: a", "Proxy-Authentication-Info: a", "Proxy-Authorization: a", "Proxy-Connection: a", "TE: a", "Upgrade: a"];

    private static IEnumerable<CacheRow> Storing =>
    [
        new("9111 3", "without freshness or a validator nothing is stored", Fetch(), Again()),
        new("9111 3", "a method that is not understood is not stored", Fetch("Cache-Control: max-age=60").By("POST"), Again()),
        new("9111 3", "different queries are different keys", Fetch("Cache-Control: max-age=60").On("?a=1"), Again().On("?a=2")),
        new("9111 3", "the same query is the same key", Fetch("Cache-Control: max-age=60").On("?a=1"), Hit().On("?a=1")),
        new("9111 3", "an answer that sets a cookie is stored when it says so", Fetch("Cache-Control: max-age=60", "Set-Cookie: a=b"), Hit()),
        new("9111 7.3", "an answer that sets a cookie is not stored by a guess", Fetch("Last-Modified: {past}", "Set-Cookie: a=b"), Again()),
        new("9111 3", "a request's cookie does not matter", Fetch("Cache-Control: max-age=60").Asking("Cookie: a=b"), Hit("Cookie: c=d")),
        .. s_explicit.Select(status => new CacheRow("9111 3", $"{status} is stored when it is fresh", Fetch("Cache-Control: max-age=60").Status(status), Hit().Has("Age: 0"))),
        .. s_explicit.Select(status => new CacheRow("9111 4.2", $"{status} is not reused when it is stale", Fetch("Cache-Control: max-age=60", "Age: 61").Status(status), Again())),
        .. s_heuristic.Select(status => new CacheRow("9111 4.2.2", $"{status} is stored by a guess", Fetch("Last-Modified: {past}", "Date: {now}").Status(status), Hit())),
        .. s_notHeuristic.Select(status => new CacheRow("9111 4.2.2", $"{status} is not stored by a guess", Fetch("Last-Modified: {past}", "Date: {now}").Status(status), Again())),
        new("9111 4.2.2", "public lets any status be guessed", Fetch("Last-Modified: {past}", "Cache-Control: public").Status(599), Hit()),
        new("9111 3", "204 is stored", Fetch("Cache-Control: max-age=60").Status(204), Hit() with { Status = 204 }),
        .. s_stored.Select(line => new CacheRow("9111 3.1", $"{line.Split(':')[0]} is stored", Fetch("Cache-Control: max-age=60", line), Hit().Has(line))),
        .. s_notStored.Select(line => new CacheRow("9111 3.1", $"{line.Split(':')[0]} is not stored", Fetch("Cache-Control: max-age=60", line), Hit().Lacks(line.Split(':')[0]))),
        new("9111 3.1", "what Connection names is not stored", Fetch("Cache-Control: max-age=60", "Connection: a, b", "a: 1", "b: 2", "c: 3").Lacks("a", "b"), Hit().Lacks("a", "b").Has("c: 3")),
        new("9111 3.5", "an answer to Authorization is not stored", Fetch("Cache-Control: max-age=60").Asking("Authorization: x"), Again("Authorization: y")),
        new("9111 3.5", "nor given to a request without", Fetch("Cache-Control: max-age=60").Asking("Authorization: x"), Again()),
        new("9111 3.5", "but with public it is", Fetch("Cache-Control: public, max-age=60").Asking("Authorization: x"), Hit("Authorization: y")),
        new("9111 3.5", "and with must-revalidate", Fetch("Cache-Control: must-revalidate, max-age=60").Asking("Authorization: x"), Hit("Authorization: y")),
        new("9111 3.5", "and with s-maxage", Fetch("Cache-Control: s-maxage=60").Asking("Authorization: x"), Hit("Authorization: y")),
        new("9111 4.1", "a request that fits Vary gets the stored response", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1"), Hit("Foo: 1")),
        new("9111 4.1", "one that does not fit is sent on", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1"), Again("Foo: 2")),
        new("9111 4.1", "a field that the stored request lacked tells apart", Fetch("Cache-Control: max-age=60", "Vary: Foo"), Again("Foo: 1")),
        new("9111 4.1", "and one that this request lacks", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1"), Again()),
        new("9111 4.1", "two variants stand side by side", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1"), Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 2"), Hit("Foo: 1"), Hit("Foo: 2")),
        new("9111 4.1", "a field that Vary does not name does not matter", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1", "Bar: 1"), Hit("Foo: 1", "Bar: 2")),
        new("9111 4.1", "all fields of Vary count", Fetch("Cache-Control: max-age=60", "Vary: Foo, Bar").Asking("Foo: 1", "Bar: 1"), Again("Foo: 1", "Bar: 2")),
        new("9111 4.1", "in whatever order they are sent", Fetch("Cache-Control: max-age=60", "Vary: Foo, Bar").Asking("Foo: 1", "Bar: 1"), Hit("Bar: 1", "Foo: 1")),
        .. new[] { "*", "*, *", ", *", "*, Foo", "Foo, *" }.Select(vary => new CacheRow("9111 4.1", $"Vary: {vary} fits nothing", Fetch("Cache-Control: max-age=60", $"Vary: {vary}").Asking("Foo: 1"), Again("Foo: 1"))),
        new("9111 4.1", "Vary: * on a second line fits nothing", Fetch("Cache-Control: max-age=60", "Vary: Foo", "Vary: *").Asking("Foo: 1"), Again("Foo: 1")),
        new("9111 4.1", "white space does not tell apart", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: 1,2"), Hit("Foo: 1,  2")),
        new("9111 4.1", "but within quotes it does", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: \"1, 2\""), Again("Foo: \"1,2\"")),
        new("9111 4.1", "and where nobody knows of parameters", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: a (b; c)"), Again("Foo: a (b;c)")),
        new("9111 4.1", "in a media type it does not", Fetch("Cache-Control: max-age=60", "Vary: Accept").Asking("Accept: text/html;q=0.9"), Hit("Accept: text/html; q=0.9")),
        new("9111 4.1", "no value is the same as none", Fetch("Cache-Control: max-age=60", "Vary: Foo").Asking("Foo: \u0001"), Again()),
        new("9111 4.1", "the order of equal languages does not", Fetch("Cache-Control: max-age=60", "Vary: Accept-Language").Asking("Accept-Language: en, de"), Hit("Accept-Language: DE,en")),
        new("9111 4.1", "their weight does", Fetch("Cache-Control: max-age=60", "Vary: Accept-Language").Asking("Accept-Language: en, de;q=0.5"), Again("Accept-Language: en;q=0.5, de")),
    ];
}
