using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>What is taken out to be sent, and what becomes of it.</summary>
internal sealed partial class Outbox
{
    /// <summary>What somebody waits for, at most so many sessions, and nothing that was sent in vain before.</summary>
    /// <remarks>Every one taken, here and below, is given back by <see cref="Done"/> or <see cref="PutBack"/>.</remarks>
    public List<OwedSession> TakeUrgent(int most)
    {
        var taken = new List<OwedSession>();
        lock (_gate)
        {
            while (taken.Count < most && _urgent.TryDequeue(out var urgent))
            {
                if (urgent.Attempts > 0) _urgentMissed.Enqueue(urgent);
                else Take_NeedsLock(urgent, taken);
            }
        }

        return taken;
    }

    /// <summary>What was sent in vain and whose pause is over, or that somebody waits for: apart from all else, for it may be in vain again.</summary>
    public List<OwedSession> TakeMissed(int most, long nowMs)
    {
        var taken = new List<OwedSession>();
        lock (_gate)
        {
            while (taken.Count < most && _urgentMissed.TryDequeue(out var urgent)) Take_NeedsLock(urgent, taken);
            for (var looked = _missed.Count; looked > 0 && taken.Count < most && _missed.TryPeek(out var next, out var dueMs) && dueMs <= nowMs; looked--)
            {
                _missed.Dequeue();
                if (!IsWaiting_NeedsLock(next) || next.RetryAtMs > dueMs) continue; // it stands further behind, where it was put after a later try
                if (_inFlight.ContainsKey(next.Key)) _missed.Enqueue(next, nowMs);
                else Take_NeedsLock(next, taken);
            }
        }

        return taken;
    }

    /// <summary>Whatever was in the way may be gone: nothing that was sent in vain pauses any longer. Not oftener than every half second.</summary>
    public void EndPauses(long nowMs)
    {
        lock (_gate)
        {
            if (_missed.Count == 0 || nowMs - _pausesEndedMs < PausesEndEveryMs) return;
            _pausesEndedMs = nowMs;
            var missed = _missed.UnorderedItems.Select(static item => item.Element).Where(IsWaiting_NeedsLock).Distinct().ToList();
            _missed.Clear();
            foreach (var entry in missed)
            {
                entry.EndPause(nowMs);
                _missed.Enqueue(entry, entry.RetryAtMs);
            }
        }
    }

    /// <summary>Takes what has waited long enough, oldest first, at most <see cref="SendTerms.Most"/> sessions.</summary>
    public List<OwedSession> Take(in SendTerms terms)
    {
        var taken = new List<OwedSession>();
        lock (_gate)
        {
            var isFull = _waiting.Count >= terms.Most || _behindFrom is not null;
            var before = !isFull ? terms.DueBeforeMs : Math.Max(terms.DueBeforeMs, MustGo_NeedsLock(terms.NowMs) ? long.MaxValue : terms.FullBeforeMs);
            for (var looked = _line.Count; looked > 0 && taken.Count < terms.Most && _line.TryPeek(out var next); looked--)
            {
                var isOurs = next.Attempts == 0 && IsWaiting_NeedsLock(next);
                if (next.NotedMs > before && isOurs) break;
                _line.Dequeue();
                if (isOurs && _inFlight.ContainsKey(next.Key)) _line.Enqueue(next);
                else if (isOurs) Take_NeedsLock(next, taken);
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

    /// <summary>Not now: it waits again, out of the others' way, and whoever waited for it is told that it is outstanding.</summary>
    public void PutBack(OwedSession entry, RemoteResult result, long nowMs)
    {
        Waiters waiters;
        lock (_gate)
        {
            waiters = entry.TakeWaiters();
            _inFlight.Remove(entry.Key);
            entry.CountAttempt(nowMs, LongestPauseMs_NeedsLock, result.IsObjection);
            if (_waiting.TryGetValue(entry.Key, out var newer))
            {
                Count_NeedsLock(-entry.ValueBytes - newer.ValueBytes, -entry.EntryCost - newer.EntryCost);
                newer.TakeBack(entry);
                Count_NeedsLock(newer.ValueBytes, newer.EntryCost);
                _missed.Enqueue(newer, newer.RetryAtMs);
                if (newer.IsUrgent) _urgent.Enqueue(newer);
            }
            else
            {
                _waiting[entry.Key] = entry;
                _missed.Enqueue(entry, entry.RetryAtMs);
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
            waiting = [.. _urgent.Concat(_urgentMissed).Select(static entry => entry.TakeWaiters())];
            _urgent.Clear();
            _urgentMissed.Clear();
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

    // Where a part of a tier is away with many sessions, they are not all tried again every few seconds.
    private long LongestPauseMs_NeedsLock => Math.Clamp(_missed.Count * 5L, 5_000, 30_000);

    private bool IsWaiting_NeedsLock(OwedSession entry) => _waiting.TryGetValue(entry.Key, out var present) && ReferenceEquals(present, entry);

    private void Take_NeedsLock(OwedSession entry, List<OwedSession> taken)
    {
        if (!IsWaiting_NeedsLock(entry) || _inFlight.ContainsKey(entry.Key)) return;
        _waiting.Remove(entry.Key);
        _inFlight[entry.Key] = entry;
        taken.Add(entry);
    }
}

/// <summary>What a batch of what nobody waits for may be made of.</summary>
/// <param name="Most">Sessions in it; so many waiting are a full batch.</param>
/// <param name="NowMs">Unix milliseconds.</param>
internal readonly record struct SendTerms(int Most, long NowMs)
{
    /// <summary>What was noted until then goes in any case.</summary>
    public required long DueBeforeMs { get; init; }

    /// <summary>What was noted until then goes where there is a full batch.</summary>
    public long FullBeforeMs { get; init; } = long.MaxValue;
}
