using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Queueing;

/// <summary>Keys that become due later: one timer for all of them, set for the earliest. Thread-safe.</summary>
internal sealed class DelayedKeys : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Action<ObjectKey> _add;
    private readonly Dictionary<ObjectKey, long> _dueAt = [];
    private readonly PriorityQueue<ObjectKey, long> _order = new();
    private readonly Lock _lock = new();
    private readonly ITimer _timer;

    public DelayedKeys(TimeProvider time, Action<ObjectKey> add)
    {
        (_time, _add) = (time, add);
        _timer = time.CreateTimer(static self => ((DelayedKeys)self!).AddDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A key that is due earlier already stays so. A later entry in the order that no longer counts is skipped when it comes up.</summary>
    public void Add(ObjectKey key, TimeSpan delay)
    {
        var due = _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
        lock (_lock)
        {
            if (_dueAt.TryGetValue(key, out var before) && before <= due) return;
            _dueAt[key] = due;
            _order.Enqueue(key, due);
            SetTimer_NeedsLock();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void AddDue()
    {
        List<ObjectKey> due = [];
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            while (_order.TryPeek(out var key, out var at) && at <= now)
            {
                _order.Dequeue();
                if (_dueAt.GetValueOrDefault(key, -1) != at) continue;
                _dueAt.Remove(key);
                due.Add(key);
            }

            SetTimer_NeedsLock();
        }

        foreach (var key in due) _add(key);
    }

    private void SetTimer_NeedsLock()
    {
        if (!_order.TryPeek(out _, out var at)) return;
        var wait = TimeSpan.FromSeconds((double)Math.Max(0, at - _time.GetTimestamp()) / _time.TimestampFrequency);
        // Rounded up: a timer that fires a moment early would find nothing due and be set again, for nothing.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }
}
