using System.Collections.Frozen;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.Routes;

/// <summary>One route as it serves: how it forwards, and what its cache goes by. Immutable but for its counters.</summary>
internal sealed class RouteEntry(CompiledRoute route, RequestDelegate forward, RouteCounters counters, (long MemoryBytes, long DiskBytes) room)
{
    /// <summary>The most tags of one response; more are ignored.</summary>
    public const int MostTags = 64;

    private const long LargestBesideDisk = 2 << 20, LargestWithoutDisk = 64 << 20, Smallest = 64 << 10;

    public CompiledRoute Route { get; } = route;

    /// <summary>Sends a request to the route's origin by way of the proxy.</summary>
    public RequestDelegate Forward { get; } = forward;
    public RouteCounters Counters { get; } = counters;
    public ResponseKeys Keys { get; } = new(route);
    public string[] Tags { get; } = [.. route.Cache.Tags];
    public bool IsCached { get; } = route.Cache.Mode != CacheMode.Off;

    /// <summary>The largest body that memory holds; the rest goes to disk, or is not stored.</summary>
    public long LargestInMemory { get; } = route.Cache.KeepsLargeBodies
        ? Math.Clamp(room.MemoryBytes / 64, Smallest, LargestBesideDisk)
        : Math.Clamp(room.MemoryBytes / 16, Smallest, LargestWithoutDisk);

    /// <summary>The largest body that the disk holds: a larger one would take too much else with it.</summary>
    public long LargestOnDisk { get; } = room.DiskBytes / 4;

    public CacheTerms Terms { get; } = new()
    {
        ByPolicy = route.Cache.Mode == CacheMode.Policy,
        TtlMs = (long?)route.Cache.Ttl?.TotalMilliseconds,
        NegativeTtlMs = (long?)route.Cache.NegativeTtl?.TotalMilliseconds,
        StaleWhileRevalidateMs = (long)route.Cache.StaleWhileRevalidate.TotalMilliseconds,
        StaleIfErrorMs = (long)route.Cache.StaleIfError.TotalMilliseconds,
        StatusCodes = route.Cache.StatusCodes.ToFrozenSet(),
    };
}
