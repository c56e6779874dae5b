using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>
/// A feature of one request to an origin, by which the cache and the steps of the proxy tell each other of it: among others the destinations
/// that it has found unreachable, which another attempt passes over. One user.
/// </summary>
internal sealed class OriginTrip
{
    private HashSet<string>? _ids;

    /// <summary>The Cache-Status that is added to the answer; null where the cache writes it.</summary>
    public string? Status { get; init; }

    /// <summary>Set where the answer's end is the connection's end, which a cut looks like as well.</summary>
    public bool EndsWithConnection { get; set; }

    /// <summary>True while a destination is left that was not tried.</summary>
    public bool LeavesOne { get; private set; }

    public void Add(HttpContext http)
    {
        var proxy = http.GetReverseProxyFeature();
        var ids = _ids ??= new(StringComparer.Ordinal);
        if (proxy.ProxiedDestination is { } destination) ids.Add(destination.DestinationId);
        LeavesOne = proxy.AllDestinations.Any(other => !ids.Contains(other.DestinationId));
    }

    /// <summary>The proxy's step before it balances.</summary>
    public static void PassOver(HttpContext http)
    {
        if (http.Features.Get<OriginTrip>() is not { _ids: { Count: > 0 } failed }) return;
        var proxy = http.GetReverseProxyFeature();
        DestinationState[] left = [.. proxy.AvailableDestinations.Where(destination => !failed.Contains(destination.DestinationId))];
        if (left.Length > 0) proxy.AvailableDestinations = left;
    }

    public static OriginFault FaultOf(HttpContext http) => http.Features.Get<IForwarderErrorFeature>()?.Error switch
    {
        null or ForwarderError.None => OriginFault.None,
        ForwarderError.NoAvailableDestinations => OriginFault.NoDestination,
        ForwarderError.RequestTimedOut => OriginFault.TooSlow,
        ForwarderError.RequestBodyClient => http.Response.StatusCode == StatusCodes.Status408RequestTimeout ? OriginFault.SlowBody : OriginFault.BadBody,
        _ => OriginFault.Unreachable,
    };
}
