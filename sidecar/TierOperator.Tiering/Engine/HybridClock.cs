namespace TierOperator.Tiering.Engine;

/// <summary>
/// A hybrid logical clock: wall milliseconds where they move on, a counter where they do not, so that versions only go
/// forward even when the wall clock steps back. Thread-safe, lock-free. Source: Kulkarni et al., "Logical Physical
/// Clocks" (2014).
/// </summary>
public sealed class HybridClock(TimeProvider time, uint node)
{
    private ulong _last;

    public uint Node => node;

    /// <summary>Unix milliseconds of the wall clock.</summary>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

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
