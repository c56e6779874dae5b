using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace TierOperator.Sidecar.Routes;

/// <summary>Compiles a policy's routes to the proxy's routes and clusters, one of each for one of ours. Pure.</summary>
internal static class ProxyConfig
{
    public const string CaKey = "tier.ca", ClientCertKey = "tier.client-cert", ProtocolKey = "tier.protocol";

    public static RouteConfig Route(CompiledRoute route) => new()
    {
        RouteId = route.Name,
        ClusterId = route.Name,

        // Requests are matched before they come here, so that a hit need not pass the proxy's own routing.
        Match = new RouteMatch { Path = route.Match.Path },
        Order = route.Index,
        Transforms = [.. Transforms(route.Origin)],
    };

    public static ClusterConfig Cluster(CompiledRoute route)
    {
        var origin = route.Origin;
        return new ClusterConfig
        {
            ClusterId = route.Name,
            LoadBalancingPolicy = origin.LoadBalancing.ToString(),
            SessionAffinity = origin.Affinity is { } affinity
                ? new SessionAffinityConfig { Enabled = true, Policy = affinity.Policy.ToString(), AffinityKeyName = affinity.KeyName, FailurePolicy = "Redistribute" }
                : null,
            HealthCheck = origin.HealthCheck is { } check ? Health(check) : null,
            HttpClient = new HttpClientConfig { RequestHeaderEncoding = "utf-8", ResponseHeaderEncoding = "latin1", EnableMultipleHttp2Connections = true },
            HttpRequest = new ForwarderRequestConfig
            {
                ActivityTimeout = origin.Timeout,
                Version = origin.Protocol == OriginProtocol.Http1 ? new Version(1, 1) : new Version(2, 0),
                VersionPolicy = origin.Protocol == OriginProtocol.Http2 ? HttpVersionPolicy.RequestVersionExact : HttpVersionPolicy.RequestVersionOrLower,
            },
            Destinations = origin.Destinations.ToDictionary(destination => destination.ToString(), destination => new DestinationConfig { Address = destination.ToString() }, StringComparer.Ordinal),
            Metadata = Metadata(origin),
        };
    }

    private static HealthCheckConfig Health(CompiledHealthCheck check) => new()
    {
        AvailableDestinationsPolicy = "HealthyOrPanic",
        Active = check.Path is null ? null : new ActiveHealthCheckConfig
        {
            Enabled = true, Policy = "ConsecutiveFailures", Path = check.Path, Interval = check.Interval, Timeout = check.Timeout,
        },
        Passive = check.EjectFor == TimeSpan.Zero ? null : new PassiveHealthCheckConfig
        {
            Enabled = true, Policy = EjectingPolicy.PolicyName, ReactivationPeriod = check.EjectFor,
        },
    };

    private static Dictionary<string, string> Metadata(CompiledOrigin origin)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [ProtocolKey] = origin.Protocol.ToString() };
        if (origin.CaSecret is not null) metadata[CaKey] = origin.CaSecret;
        if (origin.ClientCertSecret is not null) metadata[ClientCertKey] = origin.ClientCertSecret;
        return metadata;
    }

    private static IEnumerable<IReadOnlyDictionary<string, string>> Transforms(CompiledOrigin origin)
    {
        if (origin.StripPrefix?.TrimEnd('/') is { Length: > 0 } strip) yield return One("PathRemovePrefix", strip);
        if (origin.AddPrefix?.TrimEnd('/') is { Length: > 0 } add) yield return One("PathPrefix", add);
        yield return new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Forwarded"] = "Off" };
        foreach (var name in origin.RequestHeaders.Remove) yield return One("RequestHeaderRemove", name);
        foreach (var (name, value) in origin.RequestHeaders.Set) yield return Two("RequestHeader", name, value);
        if (origin.Host is { } host) yield return Two("RequestHeader", "Host", host);
        foreach (var name in origin.ResponseHeaders.Remove) yield return Two("ResponseHeaderRemove", name, null);
        foreach (var (name, value) in origin.ResponseHeaders.Set) yield return Two("ResponseHeader", name, value);
    }

    private static Dictionary<string, string> One(string name, string value) => new(StringComparer.Ordinal) { [name] = value };

    private static Dictionary<string, string> Two(string transform, string name, string? value)
    {
        var pair = One(transform, name);
        if (transform.StartsWith("Response", StringComparison.Ordinal)) pair["When"] = "Always";
        if (value is not null) pair["Set"] = value;
        return pair;
    }
}
