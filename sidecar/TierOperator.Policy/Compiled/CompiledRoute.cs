using TierOperator.Policy.Documents;

namespace TierOperator.Policy.Compiled;

/// <summary>One route with every default filled in.</summary>
public sealed record CompiledRoute
{
    public required string Name { get; init; }

    /// <summary>Its place in <see cref="CompiledPolicy.Routes"/>.</summary>
    public required int Index { get; init; }
    public required CompiledRouteMatch Match { get; init; }
    public required CompiledOrigin Origin { get; init; }
    public required CompiledRouteCache Cache { get; init; }
}

/// <summary>The requests that a route takes. Empty lists ask for nothing.</summary>
public sealed record CompiledRouteMatch(
    string Path, IReadOnlyList<string> Methods, IReadOnlyList<string> Hosts,
    IReadOnlyList<CompiledFieldMatch> Headers, IReadOnlyList<CompiledFieldMatch> Query);

/// <summary>A header or query parameter that a route asks for.</summary>
public sealed record CompiledFieldMatch(string Name, IReadOnlyList<string> Values, FieldMatchMode Mode);

/// <summary>Where a route's requests go.</summary>
public sealed record CompiledOrigin
{
    public required IReadOnlyList<Uri> Destinations { get; init; }

    /// <summary>The Host header; null for the destination's own.</summary>
    public string? Host { get; init; }
    public string? StripPrefix { get; init; }
    public string? AddPrefix { get; init; }
    public required OriginProtocol Protocol { get; init; }
    public required CompiledHeaderChanges RequestHeaders { get; init; }
    public required CompiledHeaderChanges ResponseHeaders { get; init; }

    /// <summary>The folder of secrets with <c>ca.crt</c>; null for the system's roots.</summary>
    public string? CaSecret { get; init; }

    /// <summary>The folder of secrets with <c>tls.crt</c> and <c>tls.key</c>; null for none.</summary>
    public string? ClientCertSecret { get; init; }
    public required LoadBalancing LoadBalancing { get; init; }
    public CompiledAffinity? Affinity { get; init; }
    public CompiledHealthCheck? HealthCheck { get; init; }
    public required TimeSpan Timeout { get; init; }
}

/// <summary>First the removals, then values that replace what is there.</summary>
public sealed record CompiledHeaderChanges(IReadOnlyDictionary<string, string> Set, IReadOnlyList<string> Remove);

/// <summary>Session affinity by a cookie or header of this name.</summary>
public sealed record CompiledAffinity(AffinityPolicy Policy, string KeyName);

/// <summary>Health checks. No path: the servers are not asked. <see cref="EjectFor"/> zero: a failing server stays in.</summary>
public sealed record CompiledHealthCheck(string? Path, TimeSpan Interval, TimeSpan Timeout, TimeSpan EjectFor);

/// <summary>How a route's answers are cached.</summary>
public sealed record CompiledRouteCache
{
    public required CacheMode Mode { get; init; }
    public required TierSet Tiers { get; init; }
    public TimeSpan? Ttl { get; init; }
    public TimeSpan? NegativeTtl { get; init; }
    public required TimeSpan StaleWhileRevalidate { get; init; }
    public required TimeSpan StaleIfError { get; init; }
    public required IReadOnlyList<string> Vary { get; init; }

    /// <summary>The query parameters that count; null for all, as they stand in the request.</summary>
    public IReadOnlyList<string>? KeyQuery { get; init; }
    public required bool CachesGet { get; init; }
    public required bool CachesHead { get; init; }
    public required IReadOnlyList<int> StatusCodes { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>True where bodies beyond memory's share go to disk.</summary>
    public required bool KeepsLargeBodies { get; init; }
}
