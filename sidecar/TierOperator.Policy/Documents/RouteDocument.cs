using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>One route: an upstream service behind the sidecar, in YARP's words.</summary>
public sealed record RouteDocument
{
    [Field("The route's name.", Required = true, Pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", PatternHint = "lower-case letters, digits and '-', at most 63, starting and ending with a letter or digit")]
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
    [Field("The Secret whose entry `ca.crt` is trusted instead of the system's roots.", Required = true)]
    public SecretReferenceDocument? CaSecretRef { get; init; }
}

/// <summary>Session affinity.</summary>
public sealed record AffinityDocument
{
    [Field("By what. HashCookie is refused: use Cookie.", Default = "Cookie")]
    public AffinityPolicy? Policy { get; init; }

    [Field("The cookie's or header's name.", Default = "Tier-Affinity", Pattern = "^[A-Za-z0-9_-]{1,64}$", PatternHint = "letters, digits, '-' and '_', at most 64")]
    public string? KeyName { get; init; }
}

/// <summary>Active health checks.</summary>
public sealed record HealthCheckDocument
{
    [Field("The path that is asked.", Required = true, Pattern = "^/[^\\s#]*$", PatternHint = "a path that starts with '/'")]
    public string? Path { get; init; }

    [Field("How often.", Default = "10s", Min = "1s", Max = "1d")]
    public Duration? Interval { get; init; }

    [Field("How long an answer may take.", Default = "5s", Min = "1ms", Max = "1h")]
    public Duration? Timeout { get; init; }
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

    [Field("What of the request tells answers apart.", DefaultNote = "the whole URL")]
    public CacheKeyDocument? Key { get; init; }
}

/// <summary>What of a request tells answers apart.</summary>
public sealed record CacheKeyDocument
{
    [Field("Query parameters that count; others are ignored.", DefaultNote = "all", Max = "100", Set = true)]
    public IReadOnlyList<string>? Query { get; init; }
}
