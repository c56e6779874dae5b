using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// Takes a server out whose requests fail, for exactly as long as the route says: of at least ten requests within that time three in ten.
/// The proxy's own policy never takes one out for less than its window of a minute. A server that comes back begins anew.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class EjectingPolicy(IDestinationHealthUpdater updater, TimeProvider time) : IPassiveHealthCheckPolicy
{
    public const string PolicyName = "Ejecting";
    private const int FewestRequests = 10;
    private const double MostFailures = 0.3;
    private readonly ConditionalWeakTable<DestinationState, History> _histories = [];

    public string Name => PolicyName;

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        if (cluster.Model.Config.HealthCheck?.Passive?.ReactivationPeriod is not { } ejectFor) return;
        // What was under way when it was taken out does not bring it back.
        if (destination.Health.Passive == DestinationHealth.Unhealthy) return;
        var failed = context.Features.Get<IForwarderErrorFeature>() is { } fault && !IsTheClients(fault.Error);
        var isOut = _histories.GetOrCreateValue(destination).IsTooMuch(failed, time.GetTimestamp(), (long)(ejectFor.TotalSeconds * time.TimestampFrequency));
        updater.SetPassive(cluster, destination, isOut ? DestinationHealth.Unhealthy : DestinationHealth.Healthy, ejectFor);
    }

    // A client that leaves says nothing of the server.
    private static bool IsTheClients(ForwarderError error) => error
        is ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient
        or ForwarderError.ResponseBodyCanceled or ForwarderError.ResponseBodyClient or ForwarderError.UpgradeRequestCanceled
        or ForwarderError.UpgradeResponseCanceled or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient;

    /// <summary>Requests of this window and the one before.</summary>
    private sealed class History
    {
        private readonly Lock _gate = new();
        private long _startedAt;
        private (int All, int Failed) _before;
        private (int All, int Failed) _now;

        public bool IsTooMuch(bool failed, long now, long window)
        {
            lock (_gate)
            {
                if (now - _startedAt >= window) (_before, _now, _startedAt) = (now - _startedAt < 2 * window ? _now : default, default, now);
                _now = (_now.All + 1, _now.Failed + (failed ? 1 : 0));
                var (all, bad) = (_before.All + _now.All, _before.Failed + _now.Failed);
                if (all < FewestRequests || bad < all * MostFailures) return false;
                (_before, _now) = (default, default);
                return true;
            }
        }
    }
}
