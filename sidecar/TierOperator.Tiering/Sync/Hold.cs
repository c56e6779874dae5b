namespace TierOperator.Tiering.Sync;

/// <summary>
/// Lets full batches rest while a tier is busy with this sidecar, so that several changes of a session go there as one (write-behind
/// coalescing). 1. A full batch is followed by a rest of three times as long as it took: sending takes a quarter of the time at most.
/// 2. What has waited <see cref="Longest"/>, or what somebody waits for, goes all the same; so does everything once much waits.
/// </summary>
/// <remarks>
/// Thread-safe. It adjusts itself: where batches are rare or quick the rest is over before the next one is full, and nothing waits longer
/// than it would.
/// </remarks>
internal sealed class Hold(TimeProvider time)
{
    private const int RestsToSend = 3;

    /// <summary>The most that a rest adds to a change's way.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private int _sending;
    private long _restsFrom;
    private TimeSpan _rest;

    /// <summary>A full batch is on its way, or the rest after it is not over.</summary>
    public bool IsOn
    {
        get
        {
            lock (_gate) return _sending > 0 || Left_NeedsLock > TimeSpan.Zero;
        }
    }

    /// <summary>What is left of the rest; nothing while a batch is on its way, for its end wakes the loop.</summary>
    public TimeSpan Left
    {
        get
        {
            lock (_gate) return _sending > 0 ? TimeSpan.Zero : Left_NeedsLock;
        }
    }

    /// <summary>A full batch leaves; answers when, for <see cref="Sent"/>.</summary>
    public long Begin()
    {
        lock (_gate) _sending++;
        return time.GetTimestamp();
    }

    public void Sent(long begun)
    {
        lock (_gate)
        {
            _sending--;
            var rest = time.GetElapsedTime(begun) * RestsToSend;
            (_restsFrom, _rest) = (time.GetTimestamp(), rest < Longest ? rest : Longest);
        }
    }

    private TimeSpan Left_NeedsLock
    {
        get
        {
            var left = _rest - time.GetElapsedTime(_restsFrom);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
