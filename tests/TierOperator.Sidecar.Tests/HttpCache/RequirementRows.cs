using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>The rows of <see cref="RequirementTests"/>, in the order of the specifications.</summary>
internal static partial class RequirementRows
{
    public static IEnumerable<CacheRow> All => [.. Storing, .. Freshness, .. Directives, .. Validation, .. Reuse, .. Extensions, .. Intermediaries];

    /// <summary>A request that the origin answers with these fields.</summary>
    private static CacheStep Fetch(params string[] fields) => new() { From = From.Origin, Reply = OriginReply.Of("one", fields) };

    /// <summary>A request whose answer comes from the cache.</summary>
    private static CacheStep Hit(params string[] asked) => new() { From = From.Cache, Asked = asked };

    /// <summary>A request that goes to the origin, which has something new.</summary>
    private static CacheStep Again(params string[] asked) => new() { From = From.Origin, Asked = asked, Reply = OriginReply.Of("two") };

    /// <summary>A request on which the origin is asked whether the stored response is good; it is.</summary>
    private static CacheStep Validated(params string[] asked) => new() { From = From.Validation, Asked = asked, Status = 200, Body = "one" };

    private static CacheStep At(this CacheStep step, int seconds) => step with { After = seconds };

    private static CacheStep Status(this CacheStep step, int status) => step with { Reply = step.Reply with { Status = status }, Status = status };

    private static CacheStep Has(this CacheStep step, params string[] fields) => step with { Has = fields };

    private static CacheStep Lacks(this CacheStep step, params string[] fields) => step with { Lacks = fields };

    private static CacheStep Asking(this CacheStep step, params string[] fields) => step with { Asked = fields };

    private static CacheStep By(this CacheStep step, string method) => step with { Method = method, From = From.Anywhere };

    private static CacheStep On(this CacheStep step, string more) => step with { More = more };
}
