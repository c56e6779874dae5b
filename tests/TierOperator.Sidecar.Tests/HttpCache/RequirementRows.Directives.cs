using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

internal static partial class RequirementRows
{
    private static CacheStep Down(params string[] asked) => new() { Asked = asked, Reply = new OriginReply { Raw = "" } };

    private static IEnumerable<CacheRow> Directives =>
    [
        new("9111 5.2.2.7", "private is not stored", Fetch("Cache-Control: private, max-age=60"), Again()),
        new("9111 5.2.2.7", "a qualified private keeps its fields out", Fetch("Cache-Control: private=\"a, b\", max-age=60", "a: 1", "b: 2", "c: 3").Has("a: 1", "b: 2"), Hit().Lacks("a", "b").Has("c: 3")),
        new("9111 5.2.2.5", "no-store is not stored", Fetch("Cache-Control: no-store, max-age=60", "Expires: {soon}"), Again()),
        new("9111 5.2.2.5", "in any case", Fetch("Cache-Control: nO-StOrE, max-age=60"), Again()),
        new("9111 5.2.2.4", "no-cache without a validator is not reused", Fetch("Cache-Control: no-cache, max-age=60", "Expires: {soon}"), Again()),
        new("9111 5.2.2.4", "with one it is validated each time", Fetch("Cache-Control: No-CaChE, max-age=60", "ETag: \"a\""), Validated(), Validated()),
        new("9111 5.2.2.4", "a qualified no-cache keeps its fields out", Fetch("Cache-Control: no-cache=\"a\", max-age=60", "a: 1").Has("a: 1"), Hit().Lacks("a")),
        new("9111 5.2.2.7", "the client that asked gets its cookie, and nobody else", Fetch("Cache-Control: private=\"Set-Cookie\", max-age=60", "Set-Cookie: id=1").Has("Set-Cookie: id=1"), Hit().Lacks("Set-Cookie")),
        new("9111 5.2.2.4", "no-cache is never given stale", Fetch("Cache-Control: no-cache, stale-if-error=60", "ETag: \"a\""), Down() with { Status = 502 }),
        new("9111 5.2.2.2", "must-revalidate is given while fresh", Fetch("Cache-Control: must-revalidate, max-age=60"), Hit()),
        new("9111 5.2.2.2", "and validated when stale", Fetch("Cache-Control: must-revalidate, max-age=60", "ETag: \"a\""), Validated().At(61)),
        new("9111 5.2.2.2", "and never given stale, whatever the client takes", Fetch("Cache-Control: must-revalidate, max-age=60", "ETag: \"a\""), Validated("Cache-Control: max-stale").At(61)),
        new("9111 5.2.2.2", "nor when the origin is away", Fetch("Cache-Control: must-revalidate, max-age=60, stale-if-error=600"), Down().At(61) with { Status = 502 }),
        new("9111 5.2.2.8", "nor proxy-revalidate", Fetch("Cache-Control: proxy-revalidate, max-age=60, stale-if-error=600"), Down().At(61) with { Status = 502 }),
        new("9111 5.2.2.10", "nor s-maxage", Fetch("Cache-Control: s-maxage=60"), Down("Cache-Control: max-stale=600").At(61) with { Status = 502 }),
        new("9111 5.2.2.3", "must-understand lifts no-store of a known status", Fetch("Cache-Control: no-store, must-understand, max-age=60"), Hit()),
        new("9111 5.2.2.3", "and forbids an unknown one", Fetch("Cache-Control: no-store, must-understand, max-age=60").Status(599), Again()),
        new("9111 5.2.1.1", "max-age of a request asks for a young one", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Validated("Cache-Control: max-age=10").At(20)),
        new("9111 5.2.1.1", "max-age=0 of a request validates", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Validated("Cache-Control: max-age=0").At(1)),
        new("9111 5.2.1.2", "max-stale takes what is stale", Fetch("Cache-Control: max-age=60"), Hit("Cache-Control: max-stale=10").At(65).Has("Age: 65")),
        new("9111 5.2.1.2", "but not more stale than it says", Fetch("Cache-Control: max-age=60"), Again("Cache-Control: max-stale=10").At(75)),
        new("9111 5.2.1.2", "max-stale without a number takes all", Fetch("Cache-Control: max-age=60"), Hit("Cache-Control: max-stale").At(1000)),
        new("9111 5.2.1.3", "min-fresh asks for what stays fresh", Fetch("Cache-Control: max-age=60"), Again("Cache-Control: min-fresh=30").At(40)),
        new("9111 5.2.1.4", "no-cache of a request goes to the origin", Fetch("Cache-Control: max-age=60"), Again("Cache-Control: no-cache")),
        new("9111 5.2.1.4", "and validates what is stored", Fetch("Cache-Control: max-age=60", "ETag: \"a\""), Validated("Cache-Control: no-cache")),
        new("9111 5.2.1.5", "no-store of a request keeps the answer out", Fetch("Cache-Control: max-age=60").Asking("Cache-Control: no-store"), Again()),
        new("9111 5.2.1.7", "only-if-cached without a stored response is 504", new CacheStep { Asked = ["Cache-Control: only-if-cached"], From = From.Cache, Status = 504 }),
        new("9111 5.2.1.7", "and with one is it", Fetch("Cache-Control: max-age=60"), Hit("Cache-Control: only-if-cached")),
        new("9111 5.4", "Pragma: no-cache is no-cache where there is no Cache-Control", Fetch("Cache-Control: max-age=60"), Again("Pragma: no-cache")),
        new("9111 5.4", "and nothing beside one", Fetch("Cache-Control: max-age=60"), Hit("Pragma: no-cache", "Cache-Control: max-age=1000")),
        new("9111 5.4", "another pragma is nothing", Fetch("Cache-Control: max-age=60"), Hit("Pragma: foo")),
        new("8246 2", "immutable is not validated while fresh", Fetch("Cache-Control: max-age=60, immutable", "ETag: \"a\""), Hit("Cache-Control: max-age=0").At(1)),
        new("8246 2", "but is when stale", Fetch("Cache-Control: max-age=60, immutable", "ETag: \"a\""), Validated().At(61)),
        new("8246 2", "and when the client insists", Fetch("Cache-Control: max-age=60, immutable", "ETag: \"a\""), Validated("Cache-Control: no-cache")),
    ];
}
