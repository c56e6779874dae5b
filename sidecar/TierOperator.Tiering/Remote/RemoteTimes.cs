namespace TierOperator.Tiering.Remote;

/// <summary>
/// How long a tier's answers may take. Every call looks anew, so a policy that is taken over while serving counts from the next call on.
/// </summary>
/// <remarks>Thread-safe. The engine sets them; tiers and callers read them.</remarks>
public sealed class RemoteTimes(TimeSpan call, TimeSpan batch)
{
    public static readonly TimeSpan DefaultRedis = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan DefaultPostgres = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan DefaultBatch = TimeSpan.FromSeconds(2);

    private long _call = call.Ticks;
    private long _batch = batch.Ticks;

    /// <summary>How long one call may take for its caller.</summary>
    public TimeSpan Call
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _call));
        set => Interlocked.Exchange(ref _call, value.Ticks);
    }

    /// <summary>How long a batch of the sync may take: it needs more than a read.</summary>
    public TimeSpan Batch
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _batch));
        set => Interlocked.Exchange(ref _batch, value.Ticks);
    }
}
