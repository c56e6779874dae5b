using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>What the PostgreSQL tier is told beside what every remote tier is. Ranges are the policy's.</summary>
public sealed record PostgresTierOptions
{
    public required RemoteTierOptions Remote { get; init; }

    /// <summary>Where and as whom: <c>postgres://user:password@host:port/database?sslmode=verify-full</c>.</summary>
    public required PostgresUrl Url { get; init; }

    /// <summary>The connections of this sidecar, the backplane's and the monitor's own not counted.</summary>
    public int MaxConnections { get; init; } = 2;

    /// <summary>An unused connection is closed after this.</summary>
    public TimeSpan IdleConnection { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a call with more than one change may take: the policy's <c>sync.timeout</c>.</summary>
    public TimeSpan BatchTimeout => Remote.ApplyTimeout;

    /// <summary>True: items are made findable by their words.</summary>
    public bool Search { get; init; }

    /// <summary>True: writes are announced by NOTIFY. Off where Redis announces, because notifying commits wait for each other.</summary>
    public bool Announce { get; init; } = true;

    /// <summary>The rule's <c>pii.mask</c> paths, by the rule's name: what they name is neither found nor shown.</summary>
    public Func<string, IReadOnlyList<string>> MaskOf { get; init; } = static _ => [];
}
