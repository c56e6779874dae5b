using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>One route: an upstream service behind the sidecar, in YARP's words.</summary>
public sealed record RouteDocument
{
    [Field("The route's name.", Required = true, Max = "63", Pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", PatternHint = "lower-case letters, digits and '-', at most 63, starting and ending with a letter or digit")]
    public string? Name { get; init; }

    [Field("The requests that the route takes.", Required = true)]
    public RouteMatchDocument? Match { get; init; }

    [Field("Where they go.", Required = true)]
    public OriginDocument? Origin { get; init; }

    [Field("How answers are cached.", Default = "{}")]
    public RouteCacheDocument? Cache { get; init; }
}

/// <summary>The requests that a route takes.</summary>
public sealed record RouteMatchDocument
{
    [Field("An ASP.NET path template such as `/catalog/{**rest}`.", Required = true, Min = "1", Max = "1024", Pattern = "^/[^\\s?#]*$", PatternHint = "a path that starts with '/', without spaces, '?' and '#'")]
    public string? Path { get; init; }

    [Field("The methods; without it, all.", Min = "1", Max = "20", Set = true, Pattern = "^[A-Z]{1,20}$", PatternHint = "a method in capitals such as GET")]
    public IReadOnlyList<string>? Methods { get; init; }

    [Field("The hosts that the request names; without it, any. They may call the sidecar by these names.", Min = "1", Max = "20", Set = true, Pattern = "^(\\*\\.)?[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$", PatternHint = "a host such as catalog.shop, *.shop or catalog.shop:8080")]
    public IReadOnlyList<string>? Hosts { get; init; }

    [Field("Headers that the request must carry; all must hold.", Min = "1", Max = "20")]
    public IReadOnlyList<FieldMatchDocument>? Headers { get; init; }

    [Field("Query parameters that the request must carry; all must hold.", Min = "1", Max = "20")]
    public IReadOnlyList<FieldMatchDocument>? Query { get; init; }
}

/// <summary>A header or query parameter that a route asks for.</summary>
public sealed record FieldMatchDocument
{
    [Field("Its name.", Required = true, Min = "1", Max = "256", Pattern = "^[^\\s:=&]+$", PatternHint = "a name without spaces, ':', '=' and '&'")]
    public string? Name { get; init; }

    [Field("The values of which it must have one; without it, any.", Min = "1", Max = "50", Set = true)]
    public IReadOnlyList<string>? Values { get; init; }

    [Field("How a value is compared.", Default = "Exact")]
    public FieldMatchMode? Mode { get; init; }
}

/// <summary>Where a route's requests go.</summary>
public sealed record OriginDocument
{
    [Field("The servers' addresses, http:// or https://.", Required = true, Min = "1", Max = "100", Set = true)]
    public IReadOnlyList<string>? Destinations { get; init; }

    [Field("The Host header that is sent.", DefaultNote = "the destination's", Min = "1", Max = "255")]
    public string? Host { get; init; }

    [Field("What is taken off the path's front.", DefaultNote = "nothing", Pattern = "^/[^\\s?#{}]*$", PatternHint = "a path that starts with '/', without '{' and '}'")]
    public string? StripPrefix { get; init; }

    [Field("What is put before the path, after stripPrefix.", DefaultNote = "nothing", Pattern = "^/[^\\s?#{}]*$", PatternHint = "a path that starts with '/', without '{' and '}'")]
    public string? AddPrefix { get; init; }

    [Field("The HTTP version that the servers are spoken to in. Auto: what TLS negotiates, HTTP/1.1 in clear text.", Default = "Auto")]
    public OriginProtocol? Protocol { get; init; }

    [Field("Changes to the headers of requests.", DefaultNote = "none")]
    public HeaderChangesDocument? RequestHeaders { get; init; }

    [Field("Changes to the headers of answers.", DefaultNote = "none")]
    public HeaderChangesDocument? ResponseHeaders { get; init; }

    [Field("Trust in the servers' certificates.", DefaultNote = "the system's roots")]
    public OriginTlsDocument? Tls { get; init; }

    [Field("How one of several servers is chosen.", Default = "PowerOfTwoChoices")]
    public LoadBalancing? LoadBalancing { get; init; }

    [Field("Sends a client to the server it had before.", DefaultNote = "off")]
    public AffinityDocument? SessionAffinity { get; init; }

    [Field("Asks the servers whether they are well.", DefaultNote = "off")]
    public HealthCheckDocument? HealthCheck { get; init; }

    [Field("How long an answer may take.", Default = "30s", Min = "1ms", Max = "1d")]
    public Duration? Timeout { get; init; }
}

/// <summary>Trust in the origin's certificates.</summary>
public sealed record OriginTlsDocument
{
    [Field("The Secret whose entry `ca.crt` is trusted instead of the system's roots.", DefaultNote = "the system's roots")]
    public SecretReferenceDocument? CaSecretRef { get; init; }

    [Field("The Secret whose entries `tls.crt` and `tls.key` are shown to the servers.", DefaultNote = "none")]
    public SecretReferenceDocument? ClientCertSecretRef { get; init; }
}

/// <summary>Changes to headers: first removals, then values that replace what is there.</summary>
public sealed record HeaderChangesDocument
{
    [Field("Headers by name and the value that they get.", Max = "50", Pattern = "^[A-Za-z0-9-]{1,64}$", PatternHint = "a header's name")]
    public IReadOnlyDictionary<string, string>? Set { get; init; }

    [Field("Headers that are taken away.", Max = "50", Set = true, Pattern = "^[A-Za-z0-9-]{1,64}$", PatternHint = "a header's name")]
    public IReadOnlyList<string>? Remove { get; init; }
}

/// <summary>Session affinity.</summary>
public sealed record AffinityDocument
{
    [Field("By what. HashCookie is refused: use Cookie.", Default = "Cookie")]
    public AffinityPolicy? Policy { get; init; }

    [Field("The cookie's or header's name.", Default = "Tier-Affinity", Pattern = "^[A-Za-z0-9_-]{1,64}$", PatternHint = "letters, digits, '-' and '_', at most 64")]
    public string? KeyName { get; init; }
}

/// <summary>Health checks.</summary>
public sealed record HealthCheckDocument
{
    [Field("The path that is asked at every interval.", DefaultNote = "none: the servers are not asked", Pattern = "^/[^\\s?#]*$", PatternHint = "a path that starts with '/', without '?'")]
    public string? Path { get; init; }

    [Field("How often.", Default = "10s", Min = "1s", Max = "1d")]
    public Duration? Interval { get; init; }

    [Field("How long an answer may take.", Default = "5s", Min = "1ms", Max = "1h")]
    public Duration? Timeout { get; init; }

    [Field("Takes a server that fails requests out for this long; 0s leaves it in.", Default = "10s", Max = "1d")]
    public Duration? EjectFor { get; init; }
}

/// <summary>How a route's answers are cached.</summary>
public sealed record RouteCacheDocument
{
    [Field("Http: RFC 9111, by the origin's headers. Policy: by the ttl here. Off: not at all.", Default = "Http")]
    public CacheMode? Mode { get; init; }

    [Field("The tiers that hold answers.", DefaultNote = "all that are declared but postgres", Min = "1", Set = true)]
    public IReadOnlyList<TierName>? Tiers { get; init; }

    [Field("How long an answer is fresh under Policy; under Http, where the origin says nothing.", DefaultNote = "none; needed under Policy", Min = "1s")]
    public Duration? Ttl { get; init; }

    [Field("How long a stale answer is given while a fresh one is fetched.", Default = "0s")]
    public Duration? StaleWhileRevalidate { get; init; }

    [Field("How long a stale answer is given when the origin fails.", Default = "0s")]
    public Duration? StaleIfError { get; init; }

    [Field("Request headers that tell answers apart, next to those that the origin's Vary names.", Max = "20", Set = true, Pattern = "^[A-Za-z0-9-]{1,64}$", PatternHint = "a header's name")]
    public IReadOnlyList<string>? Vary { get; init; }

    [Field("The methods whose answers are cached, of GET and HEAD.", DefaultNote = "GET and HEAD", Min = "1", Set = true, Pattern = "^(GET|HEAD)$", PatternHint = "GET or HEAD")]
    public IReadOnlyList<string>? Methods { get; init; }

    [Field("The status codes that are cached under Policy.", DefaultNote = "200, 203, 204, 300, 301, 308, 404, 410", Min = "1", Max = "50", Set = true, Pattern = "^[2-5][0-9]{2}$", PatternHint = "a final status code such as 200")]
    public IReadOnlyList<string>? StatusCodes { get; init; }

    [Field("How long an answer of 400 and above is fresh under Policy.", DefaultNote = "ttl", Min = "0s")]
    public Duration? NegativeTtl { get; init; }

    [Field("Tags that every answer of the route carries, for POST /v1/purge; next to those of the origin's Cache-Tag and Surrogate-Key.", Max = "20", Set = true, Pattern = "^[!-+.-~-]{1,128}$", PatternHint = "visible ASCII without ',', at most 128 characters")]
    public IReadOnlyList<string>? Tags { get; init; }

    [Field("What of the request tells answers apart.", DefaultNote = "the whole URL")]
    public CacheKeyDocument? Key { get; init; }
}

/// <summary>What of a request tells answers apart.</summary>
public sealed record CacheKeyDocument
{
    [Field("Query parameters that count; others are ignored.", DefaultNote = "all", Max = "100", Set = true)]
    public IReadOnlyList<string>? Query { get; init; }
}
