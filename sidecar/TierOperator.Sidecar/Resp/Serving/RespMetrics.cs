using System.Diagnostics.Metrics;
using TierOperator.Sidecar.Metrics;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>The Redis listener's instruments. Read when somebody collects, so that a command costs a plain increment.</summary>
internal sealed class RespMetrics : IDisposable
{
    private readonly Meter _meter = new(SidecarMetrics.MeterName);

    public RespMetrics(RespServer server)
    {
        var statistics = server.Statistics;
        _meter.CreateObservableGauge("tier.resp.connections", () => (long)server.ConnectionCount, "{connection}", "Redis clients connected now.");
        _meter.CreateObservableCounter("tier.resp.commands", () => Volatile.Read(ref statistics.TotalCommands), "{command}", "Commands of Redis clients.");
        _meter.CreateObservableCounter("tier.resp.commands.slow", () => Volatile.Read(ref statistics.TotalSlow), "{command}", "Commands that memory could not answer at once: they ran off the event thread.");
        _meter.CreateObservableCounter("tier.resp.refusals", () => Volatile.Read(ref statistics.TotalErrors), "{command}", "Commands of Redis clients that were refused before they ran.");
        _meter.CreateObservableCounter("tier.resp.connections.rejected", () => Volatile.Read(ref statistics.TotalRejected), "{connection}", "Redis clients beyond the limit of connections.");
    }

    public void Dispose() => _meter.Dispose();
}
