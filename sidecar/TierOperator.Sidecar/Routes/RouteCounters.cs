namespace TierOperator.Sidecar.Routes;

/// <summary>What became of a request of a route.</summary>
internal enum RouteOutcome
{
    /// <summary>Answered from the cache, fresh.</summary>
    Hit,

    /// <summary>Answered from the cache, past its freshness.</summary>
    Stale,

    /// <summary>Answered from the cache after the origin said that it is good.</summary>
    Revalidated,

    /// <summary>Fetched for this request.</summary>
    Miss,

    /// <summary>Waited for a fetch that another request had begun.</summary>
    Collapsed,

    /// <summary>Passed through, as the method, the route or the answer asks.</summary>
    Passed,

    /// <summary>No origin answered.</summary>
    Failed,
}

/// <summary>Counts of one route, by outcome. They outlive a reload of the policy. Thread-safe.</summary>
internal sealed class RouteCounters
{
    public static readonly IReadOnlyList<RouteOutcome> Outcomes = Enum.GetValues<RouteOutcome>();
    private readonly long[] _counts = new long[Enum.GetValues<RouteOutcome>().Length];

    public void Count(RouteOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);

    public long Of(RouteOutcome outcome) => Interlocked.Read(ref _counts[(int)outcome]);
}
