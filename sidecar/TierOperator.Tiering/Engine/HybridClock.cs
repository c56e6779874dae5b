namespace TierOperator.Tiering.Engine;

/// <summary>
/// A hybrid logical clock: wall milliseconds where they move on, a counter where they do not, so that versions only go
/// forward even when the wall clock steps back. Thread-safe, lock-free. Source: Kulkarni et al., "Logical Physical
/// Clocks" (2014).
/// </summary>
public sealed class HybridClock(TimeProvider time, uint node)
{
    private readonly bool _isSystem = time == TimeProvider.System;
    private ulong _last;
    private long _offsetMs = time.GetUtcNow().ToUnixTimeMilliseconds() - Environment.TickCount64;

    public uint Node => node;

    /// <summary>
    /// Unix milliseconds of the wall clock: by the system's coarse tick (a few milliseconds) and its offset, which costs a
    /// fifth of asking for the time of day. <see cref="Adjust"/> follows steps of the wall clock.
    /// </summary>
    public long NowMs => _isSystem ? Environment.TickCount64 + Volatile.Read(ref _offsetMs) : time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Takes over where the wall clock stands now; called about once a second.</summary>
    public void Adjust() => Volatile.Write(ref _offsetMs, time.GetUtcNow().ToUnixTimeMilliseconds() - Environment.TickCount64);

    /// <summary>How far ahead of the wall clock another's time may be to be taken over: 500 ms.</summary>
    public const long MaxAheadMs = 500;

    private long _refused;

    /// <summary>Times of others that were too far ahead to be taken over: their clock, or ours, is wrong.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Another's version was seen: what is given from now on is newer, unless its time is too far ahead.</summary>
    public void Observe(ItemVersion seen)
    {
        if (seen.Milliseconds > NowMs + MaxAheadMs)
        {
            Interlocked.Increment(ref _refused);
            return;
        }

        for (var last = Volatile.Read(ref _last); last < seen.Stamp; last = Volatile.Read(ref _last))
            if (Interlocked.CompareExchange(ref _last, seen.Stamp, last) == last) return;
    }

    /// <summary>A version newer than every one given before, and than <paramref name="after"/>.</summary>
    public ItemVersion Next(ItemVersion after = default)
    {
        while (true)
        {
            var last = Volatile.Read(ref _last);
            var next = Math.Max((ulong)NowMs << 16, Math.Max(last, after.Stamp) + 1);
            if (Interlocked.CompareExchange(ref _last, next, last) == last) return new ItemVersion(next, node);
        }
    }
}
