namespace TierOperator.Tiering.Sync;

/// <summary>How a sync loop goes about it; from the policy's <c>sync</c>. Live: a reload swaps it.</summary>
internal sealed record SyncOptions
{
    /// <summary>The longest that a change under Behind waits before it is sent.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most sessions in one round trip; when so many wait they are sent at once.</summary>
    public int Batch { get; init; } = 500;

    /// <summary>The most round trips at once.</summary>
    public int Parallelism { get; init; } = 10;

    public long MaxBacklogBytes { get; init; } = 1L << 30;
    public TimeSpan Tombstones { get; init; } = TimeSpan.FromDays(7);
}
