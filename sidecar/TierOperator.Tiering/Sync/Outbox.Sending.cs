using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>What is taken out to be sent, and what becomes of it.</summary>
internal sealed partial class Outbox
{
    /// <summary>
    /// Takes what has waited long enough (or is waited for), oldest first, at most <paramref name="most"/> sessions. Every one taken
    /// is given back by <see cref="Done"/> or <see cref="PutBack"/>.
    /// </summary>
    public List<OwedSession> Take(int most, long notedBeforeMs, long nowMs)
    {
        var taken = new List<OwedSession>();
        lock (_gate)
        {
            var all = _waiting.Count >= most || _behindFrom is not null;
            while (taken.Count < most && _urgent.TryDequeue(out var urgent)) Take_NeedsLock(urgent, taken);
            for (var looked = _line.Count; looked > 0 && taken.Count < most && _line.TryPeek(out var next); looked--)
            {
                if (!all && next.NotedMs > notedBeforeMs && IsWaiting_NeedsLock(next)) break;
                _line.Dequeue();
                if (IsWaiting_NeedsLock(next) && (_inFlight.ContainsKey(next.Key) || next.RetryAtMs > nowMs)) _line.Enqueue(next);
                else Take_NeedsLock(next, taken);
            }
        }

        return taken;
    }

    /// <summary>The tier has it, or will never take it.</summary>
    public void Done(OwedSession entry, RemoteResult result)
    {
        lock (_gate)
        {
            _inFlight.Remove(entry.Key);
            Count_NeedsLock(-entry.ValueBytes, -entry.EntryCost);
            if (_waiting.TryGetValue(entry.Key, out var next) && next.IsUrgent) _urgent.Enqueue(next);
        }

        entry.Tell(result);
        Ready?.Invoke();
    }

    /// <summary>Not now: it waits again, behind the others, and whoever waited for it is told that it is outstanding.</summary>
    public void PutBack(OwedSession entry, RemoteResult result, long nowMs)
    {
        lock (_gate)
        {
            _inFlight.Remove(entry.Key);
            entry.CountAttempt(nowMs);
            if (_waiting.TryGetValue(entry.Key, out var newer))
            {
                Count_NeedsLock(-entry.ValueBytes - newer.ValueBytes, -entry.EntryCost - newer.EntryCost);
                newer.TakeBack(entry);
                Count_NeedsLock(newer.ValueBytes, newer.EntryCost);
                if (newer.IsUrgent) _urgent.Enqueue(newer);
            }
            else
            {
                _waiting[entry.Key] = entry;
                _line.Enqueue(entry);
            }
        }

        entry.Tell(result);
    }

    /// <summary>Tells everybody who waits that it will take longer; the entries stay.</summary>
    public void TellWaiters(RemoteResult result)
    {
        List<OwedSession> entries;
        lock (_gate)
        {
            entries = [.. _urgent];
            _urgent.Clear();
        }

        foreach (var entry in entries) entry.Tell(result);
    }

    private bool IsWaiting_NeedsLock(OwedSession entry) => _waiting.TryGetValue(entry.Key, out var present) && ReferenceEquals(present, entry);

    private void Take_NeedsLock(OwedSession entry, List<OwedSession> taken)
    {
        if (!IsWaiting_NeedsLock(entry) || _inFlight.ContainsKey(entry.Key)) return;
        _waiting.Remove(entry.Key);
        _inFlight[entry.Key] = entry;
        taken.Add(entry);
    }
}
