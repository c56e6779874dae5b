using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Queueing;

/// <summary>
/// When a failed key comes back: each key's wait doubles from 5 ms to 5 minutes, and all keys together come back at
/// most ten a second with a burst of a hundred, so that a cluster in trouble is not asked ever faster. Thread-safe.
/// </summary>
public sealed class RetryPace(TimeProvider time)
{
    private const double RatePerSecond = 10;
    private const double Burst = 100;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private readonly Dictionary<ObjectKey, int> _failures = [];
    private readonly Lock _lock = new();
    private double _tokens = Burst;
    private long _filledAt = time.GetTimestamp();

    public TimeSpan NextDelay(ObjectKey key)
    {
        lock (_lock)
        {
            var failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
            var own = TimeSpan.FromMilliseconds(Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 30)), Longest.TotalMilliseconds));
            var common = TakeToken_NeedsLock();
            return own > common ? own : common;
        }
    }

    public void Forget(ObjectKey key)
    {
        lock (_lock) _failures.Remove(key);
    }

    public int FailuresOf(ObjectKey key)
    {
        lock (_lock) return _failures.GetValueOrDefault(key);
    }

    /// <summary>Tokens may be owed: whoever takes one that is not there yet waits until it would be.</summary>
    private TimeSpan TakeToken_NeedsLock()
    {
        _tokens = Math.Min(Burst, _tokens + (time.GetElapsedTime(_filledAt).TotalSeconds * RatePerSecond));
        _filledAt = time.GetTimestamp();
        _tokens--;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / RatePerSecond);
    }
}
