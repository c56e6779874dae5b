namespace TierOperator.Kubernetes.Informers;

/// <summary>Waits that double up to a limit, each drawn from its upper half: clients that lost one server come back spread. One owner.</summary>
public sealed class Backoff(TimeSpan first, TimeSpan limit)
{
    private int _step;

    /// <summary>The wait before the next try.</summary>
    public TimeSpan Next() => Jitter(Delay(_step++));

    public void Reset() => _step = 0;

    private TimeSpan Delay(int step)
    {
        var delay = first.TotalMilliseconds * Math.Pow(2, Math.Min(step, 30));
        return TimeSpan.FromMilliseconds(Math.Min(delay, limit.TotalMilliseconds));
    }

    private static TimeSpan Jitter(TimeSpan delay) => delay * (0.5 + (Random.Shared.NextDouble() / 2));
}
