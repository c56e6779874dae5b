using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// What one tier is owed, by session, oldest first. Bounded twice: by the bytes of values that wait (the policy's
/// <c>maxBacklog</c>), and by the memory that the entries take. Past the second it stops noting what the journal holds anyway
/// and <see cref="BehindFrom"/> says from where the journal has to be read again.
/// </summary>
/// <remarks>Thread-safe; one lock, held for table work only. An entry is in flight at most once: what is noted meanwhile waits.</remarks>
internal sealed partial class Outbox(long maxBacklogBytes, long maxEntryBytes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], OwedSession> _waiting = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], OwedSession> _inFlight = new(KeyComparer.Instance);
    private readonly Queue<OwedSession> _line = new();
    private readonly Queue<OwedSession> _urgent = new();
    private long _valueBytes;
    private long _entryBytes;
    private JournalPosition? _behindFrom;
    private JournalPosition? _readingFrom;

    /// <summary>Sessions that wait or are on their way.</summary>
    public int Count { get { lock (_gate) return _waiting.Count + _inFlight.Count; } }
    public long BacklogBytes => Interlocked.Read(ref _valueBytes);
    public long EntryBytes => Interlocked.Read(ref _entryBytes);
    public long MaxBacklogBytes { get; set; } = maxBacklogBytes;

    /// <summary>Set while the journal holds changes that are not noted here.</summary>
    public JournalPosition? BehindFrom { get { lock (_gate) return _behindFrom; } }

    /// <summary>Every change is noted here, or done: nothing of the journal is still to be read.</summary>
    public bool KnowsAll { get { lock (_gate) return (_behindFrom ?? _readingFrom) is null; } }

    /// <summary>Raised outside the lock when there is something to send at once, or enough of it.</summary>
    public event Action? Ready;

    /// <summary>The tier lost what it had: the journal is read from its beginning, and what is old in it was settled once.</summary>
    public bool IsResending { get; private set; }

    /// <summary>While that lasts: what is older than this was there before the tier lost it, or was on its way.</summary>
    public ItemVersion ResentBelow { get; private set; }

    public bool HasRoomFor(long bytes) => BacklogBytes + bytes <= MaxBacklogBytes;

    /// <summary>True when the tier is owed something of this session.</summary>
    public bool Owes(byte[] key)
    {
        lock (_gate) return _waiting.ContainsKey(key) || _inFlight.ContainsKey(key);
    }

    /// <summary>Sessions that the tier has yet to hear of, at most so many.</summary>
    public List<byte[]> Keys(int most)
    {
        lock (_gate) return [.. _waiting.Keys.Concat(_inFlight.Keys).Distinct(KeyComparer.Instance).Take(most)];
    }

    /// <summary>What the tier has yet to hear of a session; nothing for most.</summary>
    public PendingChanges Pending(byte[] key)
    {
        lock (_gate)
        {
            var (waiting, sent) = (_waiting.GetValueOrDefault(key), _inFlight.GetValueOrDefault(key));
            return waiting is null && sent is null ? PendingChanges.None : PendingChanges.Of(sent, waiting);
        }
    }

    /// <summary>Notes a change. With <paramref name="wait"/> it is sent at once, and the task tells what became of it.</summary>
    public Task<RemoteResult>? Note(in OwedNote note, bool wait)
    {
        Task<RemoteResult>? waiter = null;
        lock (_gate)
        {
            if (!wait && MustStayBehind_NeedsLock(note)) return null;
            var entry = Take_NeedsLock(note);
            if (wait) waiter = entry.Await();
            if (wait) _urgent.Enqueue(entry);
        }

        if (wait) Ready?.Invoke();
        return waiter;
    }

    /// <summary>Sends what waits for a session at once; null when nothing of it waits any more.</summary>
    public Task<RemoteResult>? Hurry(byte[] key)
    {
        Task<RemoteResult>? waiter = null;
        lock (_gate)
        {
            if (_waiting.TryGetValue(key, out var entry)) _urgent.Enqueue(entry);
            else _inFlight.TryGetValue(key, out entry);
            waiter = entry?.Await();
        }

        Ready?.Invoke();
        return waiter;
    }

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

    /// <summary>Forgets what waits for a session: its write was refused after all. What is in flight stays.</summary>
    public void Forget(byte[] key)
    {
        lock (_gate)
        {
            if (_waiting.Remove(key, out var entry)) Count_NeedsLock(-entry.ValueBytes, -entry.EntryCost);
        }
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

    private OwedSession Take_NeedsLock(in OwedNote note)
    {
        var isNew = !_waiting.TryGetValue(note.Key, out var entry);
        if (isNew) _waiting[note.Key] = entry = new OwedSession(note.Key);
        var (values, cost) = (entry!.ValueBytes, isNew ? 0 : entry.EntryCost);
        entry.Take(note);
        Count_NeedsLock(entry.ValueBytes - values, entry.EntryCost - cost);
        if (isNew) _line.Enqueue(entry);
        return entry;
    }

    private bool IsWaiting_NeedsLock(OwedSession entry) => _waiting.TryGetValue(entry.Key, out var present) && ReferenceEquals(present, entry);

    private void Take_NeedsLock(OwedSession entry, List<OwedSession> taken)
    {
        if (!IsWaiting_NeedsLock(entry) || _inFlight.ContainsKey(entry.Key)) return;
        _waiting.Remove(entry.Key);
        _inFlight[entry.Key] = entry;
        taken.Add(entry);
    }

    private void Count_NeedsLock(long values, long entries)
    {
        Interlocked.Add(ref _valueBytes, values);
        Interlocked.Add(ref _entryBytes, entries);
    }
}
