using System.Threading.Channels;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Queueing;

/// <summary>
/// Keys that wait for a worker. The algorithm is client-go's:
/// - a key waits at most once, however often it is added;
/// - a key that is being worked on is never given to a second worker: added meanwhile, it waits until the first is done;
/// - a delayed key is added when its time has come; an addition meanwhile does not cancel that;
/// - a failing key waits twice as long each time, and all failing keys together pass one bucket.
/// Invariant: a key in <c>_dirty</c> stands in the channel, or in <c>_working</c> and will be put there by
/// <see cref="Done"/>. Bounded by the number of distinct keys. Thread-safe.
/// </summary>
public sealed class WorkQueue : IDisposable
{
    private readonly TimeProvider _time;
    private readonly RetryPace _pace;
    private readonly Channel<ObjectKey> _ready = Channel.CreateUnbounded<ObjectKey>();
    private readonly Dictionary<ObjectKey, long> _dirty = [];
    private readonly HashSet<ObjectKey> _working = [];
    private readonly DelayedKeys _delayed;
    private readonly Lock _lock = new();

    public WorkQueue(TimeProvider time, RetryPace? pace = null)
    {
        _time = time;
        _pace = pace ?? new RetryPace(time);
        _delayed = new DelayedKeys(time, Add);
    }

    /// <summary>Keys that wait for a worker, delayed ones not counted.</summary>
    public int Depth
    {
        get
        {
            lock (_lock) return _dirty.Count;
        }
    }

    /// <summary>For how long the key that waits longest has waited; zero when none waits.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            lock (_lock) return _dirty.Count == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_dirty.Values.Min());
        }
    }

    public void Add(ObjectKey key)
    {
        lock (_lock)
        {
            if (!_dirty.TryAdd(key, _time.GetTimestamp()) || _working.Contains(key)) return;
        }

        _ready.Writer.TryWrite(key);
    }

    /// <summary>Adds the key when the time has passed. Of several the earliest counts.</summary>
    public void AddAfter(ObjectKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero) Add(key);
        else _delayed.Add(key, delay);
    }

    /// <summary>Adds a key that failed, later each time.</summary>
    public void AddFailed(ObjectKey key) => AddAfter(key, _pace.NextDelay(key));

    /// <summary>The key went well: its next failure waits the shortest time again.</summary>
    public void Forget(ObjectKey key) => _pace.Forget(key);

    /// <summary>How often a key failed in a row.</summary>
    public int FailuresOf(ObjectKey key) => _pace.FailuresOf(key);

    /// <summary>The next key; the caller says <see cref="Done"/> when it has worked on it.</summary>
    public async ValueTask<ObjectKey> TakeAsync(CancellationToken cancellationToken)
    {
        var key = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            _dirty.Remove(key);
            _working.Add(key);
        }

        return key;
    }

    public void Done(ObjectKey key)
    {
        lock (_lock)
        {
            _working.Remove(key);
            if (!_dirty.ContainsKey(key)) return;
        }

        _ready.Writer.TryWrite(key);
    }

    public void Dispose() => _delayed.Dispose();
}
