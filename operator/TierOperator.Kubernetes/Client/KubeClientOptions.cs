namespace TierOperator.Kubernetes.Client;

/// <summary>How patient a client is.</summary>
public sealed record KubeClientOptions
{
    /// <summary>How long a request that is no watch may take, retries included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The least and the greatest life of a watch; each one is drawn between them, so that they do not end together.</summary>
    public TimeSpan LeastWatchTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc cref="LeastWatchTime"/>
    public TimeSpan GreatestWatchTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after a watch should have ended the client stops believing in the connection.</summary>
    public TimeSpan WatchGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an HTTP/2 connection with open requests is quiet before it is pinged; at least a second.</summary>
    public TimeSpan PingAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a ping waits for its answer before the connection counts as dead; at least a second.</summary>
    public TimeSpan PingPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a request is tried when the server says when to come back (429, 503).</summary>
    public int MostAttempts { get; init; } = 8;

    /// <summary>The longest wait that a Retry-After is granted.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Objects per page of a list. A page is read whole before its objects are cut down to what is kept.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary>The greatest watch event that is taken. The API server's own limit for an object is 3 MiB.</summary>
    public int MostEventBytes { get; init; } = 16 * 1024 * 1024;

    public string UserAgent { get; init; } = "tier-operator";
}
