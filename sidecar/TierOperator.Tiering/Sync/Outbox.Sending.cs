using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>What is taken out to be sent, and what becomes of it.</summary>
internal sealed partial class Outbox
{
    /// <summary>
    /// Takes what has waited long enough (or is waited for), oldest first, at most <see cref="SendTerms.Most"/> sessions. Every one taken
    /// is given back by <see cref="Done"/> or <see cref="PutBack"/>.
    /// </summary>
    public List<OwedSession> Take(in SendTerms terms)
    {
        var taken = new List<OwedSession>();
        lock (_gate)
        {
            var isFull = _waiting.Count >= terms.Most || _behindFrom is not null;
            var before = !isFull ? terms.DueBeforeMs : Math.Max(terms.DueBeforeMs, MustGo_NeedsLock(terms.NowMs) ? long.MaxValue : terms.FullBeforeMs);
            while (taken.Count < terms.Most && _urgent.TryDequeue(out var urgent)) Take_NeedsLock(urgent, taken);
            for (var looked = _line.Count; looked > 0 && taken.Count < terms.Most && _line.TryPeek(out var next); looked--)
            {
                if (next.NotedMs > before && IsWaiting_NeedsLock(next)) break;
                _line.Dequeue();
                if (IsWaiting_NeedsLock(next) && (_inFlight.ContainsKey(next.Key) || next.RetryAtMs > terms.NowMs)) _line.Enqueue(next);
                else Take_NeedsLock(next, taken);
            }
        }

        return taken;
    }

    /// <summary>The tier has it, or will never take it.</summary>
    public void Done(OwedSession entry, RemoteResult result)
    {
        Waiters waiters;
        lock (_gate)
        {
            _inFlight.Remove(entry.Key);
            Count_NeedsLock(-entry.ValueBytes, -entry.EntryCost);
            if (_waiting.TryGetValue(entry.Key, out var next) && next.IsUrgent) _urgent.Enqueue(next);
            waiters = entry.TakeWaiters();
        }

        waiters.Tell(result);
        Ready?.Invoke();
    }

    /// <summary>Not now: it waits again, behind the others, and whoever waited for it is told that it is outstanding.</summary>
    public void PutBack(OwedSession entry, RemoteResult result, long nowMs)
    {
        Waiters waiters;
        lock (_gate)
        {
            waiters = entry.TakeWaiters();
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

        waiters.Tell(result);
    }

    /// <summary>Tells everybody who waits that it will take longer; the entries stay.</summary>
    public void TellWaiters(RemoteResult result)
    {
        List<Waiters> waiting;
        lock (_gate)
        {
            waiting = [.. _urgent.Select(static entry => entry.TakeWaiters())];
            _urgent.Clear();
        }

        foreach (var waiters in waiting) waiters.Tell(result);
    }

    /// <summary>
    /// Nothing rests where much waits, where the journal has to be read on, or where a change was noted lately that no journal keeps or that
    /// may yet collide with another's.
    /// </summary>
    private bool MustGo_NeedsLock(long nowMs)
        => _behindFrom is not null || BacklogBytes > MaxBacklogBytes / 8 || _entryBytes > maxEntryBytes / 4
           || nowMs - _hastyMs <= (long)Hold.Longest.TotalMilliseconds;

    private bool IsWaiting_NeedsLock(OwedSession entry) => _waiting.TryGetValue(entry.Key, out var present) && ReferenceEquals(present, entry);

    private void Take_NeedsLock(OwedSession entry, List<OwedSession> taken)
    {
        if (!IsWaiting_NeedsLock(entry) || _inFlight.ContainsKey(entry.Key)) return;
        _waiting.Remove(entry.Key);
        _inFlight[entry.Key] = entry;
        taken.Add(entry);
    }
}

/// <summary>What a batch may be made of.</summary>
/// <param name="Most">Sessions in it; so many waiting are a full batch.</param>
/// <param name="NowMs">Unix milliseconds.</param>
internal readonly record struct SendTerms(int Most, long NowMs)
{
    /// <summary>What was noted until then goes in any case.</summary>
    public required long DueBeforeMs { get; init; }

    /// <summary>What was noted until then goes where there is a full batch.</summary>
    public long FullBeforeMs { get; init; } = long.MaxValue;
}
