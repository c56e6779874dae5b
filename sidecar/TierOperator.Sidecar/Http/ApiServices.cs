using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Metrics;
using TierOperator.Sidecar.Routes;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http;

/// <summary>What the calls of the API use. Made once at start.</summary>
internal sealed record ApiServices(
    TierEngine Engine, PolicyState Policy, ConnectionLimits Connections, DocumentLimits Documents,
    SidecarMetrics Metrics, TimeProvider Time, ILogger Log)
{
    public required RouteServices Routes { get; init; }
}

/// <summary>How large a JSON document may be. Depth counts arrays and objects in each other.</summary>
internal sealed record DocumentLimits(long MaxBytes)
{
    public const int MaxDepth = 64;
    public const int MaxBatchOperations = 1000;
}
