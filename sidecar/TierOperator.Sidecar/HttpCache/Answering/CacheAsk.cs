using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>
/// A request as the cache sees it. The headers are a copy: a fill goes on with them when the request has ended and the
/// server has given its own to the next one.
/// </summary>
internal sealed record CacheAsk
{
    public required RouteEntry Entry { get; init; }

    /// <summary>The key of its URL; null where that is too long to be kept.</summary>
    public required byte[]? Primary { get; init; }
    public required string Path { get; init; }
    public required string Query { get; init; }
    public required IHeaderDictionary Asked { get; init; }
    public required RequestDirectives Directives { get; init; }
    public required bool IsGet { get; init; }

    /// <summary>What fetches of the same thing are known by: of its URL, or of the variant that it asks for.</summary>
    public byte[]? FillKey { get; init; }

    /// <summary>The times of the response that is stored for it; null where none is.</summary>
    public Freshness? Standing { get; init; }

    /// <summary>Why it goes to the origin where nothing is stored that could be given, in the words of Cache-Status.</summary>
    public string Missing { get; init; } = CacheStatus.UriMiss;

    /// <summary>True where only a range of it is fetched.</summary>
    public bool WantsPart { get; init; }

    public bool HasAuthorization => Asked.Authorization.Count > 0;
    public bool HasRange => Asked.Range.Count > 0;

    /// <summary>False where it needs an answer of its own: one that may be personal, or is asked for anew.</summary>
    public bool MayJoin => !HasAuthorization && !WantsPart && Directives is { NoCache: false, NoStore: false };

    /// <summary>The same, once it is known by which fields the URL's answers vary.</summary>
    public CacheAsk OfVariant(string[] fields) => this with { Missing = CacheStatus.VaryMiss, FillKey = ResponseKeys.VariantFill(Primary, fields, Asked) };

    public static CacheAsk Of(HttpContext http, RouteEntry entry)
    {
        var request = http.Request;
        IHeaderDictionary asked = new HeaderDictionary(request.Headers.Count);
        foreach (var (name, value) in request.Headers) asked[name] = value;
        var (path, query) = (request.Path.Value ?? "/", request.QueryString.Value ?? "");
        var primary = entry.Keys.Of(path, query);
        return new CacheAsk
        {
            Entry = entry, Primary = primary, FillKey = primary, Path = path, Query = query, Asked = asked,
            Directives = RequestDirectives.Read(asked.CacheControl, asked.Pragma), IsGet = HttpMethods.IsGet(request.Method),
        };
    }
}
