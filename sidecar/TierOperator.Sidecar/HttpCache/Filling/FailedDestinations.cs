using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>The destinations that one request has found unreachable: another attempt passes them over. One user.</summary>
internal sealed class FailedDestinations
{
    public static readonly object Mark = new();
    private HashSet<string>? _ids;

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
        if (!http.Items.TryGetValue(Mark, out var found) || found is not FailedDestinations { _ids: { Count: > 0 } failed }) return;
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
