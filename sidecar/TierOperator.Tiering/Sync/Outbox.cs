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
    private const long PausesEndEveryMs = 500;

    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], OwedSession> _waiting = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], OwedSession> _inFlight = new(KeyComparer.Instance);
    private readonly Queue<OwedSession> _line = new();
    private readonly Queue<OwedSession> _urgent = new();
    private readonly Queue<OwedSession> _urgentMissed = new();
    private readonly PriorityQueue<OwedSession, long> _missed = new();
    private long _valueBytes;
    private long _entryBytes;
    private long _pausesEndedMs;
    private long _hastyMs = long.MinValue / 2;
    private JournalPosition? _behindFrom;
    private JournalPosition? _readingFrom;
    private int _round;
    private int _tellings;
    private int _told;
    private bool _knowsRemovals = true;

    /// <summary>Sessions that wait or are on their way. What is not noted yet counts as one, so that nobody takes it for nothing.</summary>
    public int Count { get { lock (_gate) return Math.Max(_waiting.Count + _inFlight.Count, KnowsAll ? 0 : 1); } }

    /// <summary>Sessions that the tier lost and that come back to it from elsewhere.</summary>
    public Refills Refills { get; } = new(maxEntryBytes / 2);

    /// <summary>Sessions that the tier has yet to hear of, from here or from elsewhere.</summary>
    public int Backlog => Count + Refills.Count;
    public long BacklogBytes => Interlocked.Read(ref _valueBytes);
    public long EntryBytes => Interlocked.Read(ref _entryBytes);
    public long MaxBacklogBytes { get; set; } = maxBacklogBytes;

    /// <summary>Set while the journal holds changes that are not noted here.</summary>
    public JournalPosition? BehindFrom { get { lock (_gate) return _behindFrom; } }

    /// <summary>Every change is noted here, or done: nothing of the journal is still to be read, and nothing of memory to be noted.</summary>
    public bool KnowsAll { get { lock (_gate) return _told == _tellings && (_behindFrom ?? _readingFrom) is null; } }

    /// <summary>
    /// Nobody can take for present what was removed here: false after a start, until the journal is read to the end that it had. From then on removals are
    /// noted as they happen, however much waits.
    /// </summary>
    public bool KnowsRemovals { get { lock (_gate) return _knowsRemovals; } }

    /// <summary>Raised outside the lock when there is something to send at once, or enough of it.</summary>
    public event Action? Ready;

    /// <summary>The tier lost what it had: the journal is read from its beginning, and what is old in it was settled once.</summary>
    public bool IsResending { get; private set; }

    /// <summary>While that lasts, and until the tier has all again: what is older than this was there before the tier lost it, or was on its way.</summary>
    public ItemVersion ResentBelow { get; private set; }

    /// <summary>What no journal holds cannot be read again: then the entries themselves, deletes too, are bounded as well.</summary>
    public bool HasRoomFor(long bytes, bool isJournalled) => BacklogBytes + bytes <= MaxBacklogBytes && (isJournalled || EntryBytes < maxEntryBytes);

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

    /// <summary>Sessions of which the tier has yet to hear more than accesses. One that changed again while it was sent stands here twice.</summary>
    public List<byte[]> ChangedKeys()
    {
        lock (_gate) return [.. _waiting.Values.Concat(_inFlight.Values).Where(static entry => !entry.IsTouch).Select(static entry => entry.Key)];
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
    /// Forgets a write that waits, and whose caller was told that nobody has it. What is in flight stays, for it may arrive; so does what
    /// was noted together with another change, which somebody else was promised.
    /// </summary>
    public void Forget(byte[] key, ItemVersion version)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(key, out var entry) || !entry.IsOnly(version)) return;
            _waiting.Remove(key);
            Count_NeedsLock(-entry.ValueBytes, -entry.EntryCost);
        }
    }

    private OwedSession Take_NeedsLock(in OwedNote note)
    {
        var isNew = !_waiting.TryGetValue(note.Key, out var entry);
        if (isNew) _waiting[note.Key] = entry = new OwedSession(note.Key);
        if (note.IsHasty) _hastyMs = note.NowMs;
        var (values, cost) = (entry!.ValueBytes, isNew ? 0 : entry.EntryCost);
        entry.Take(note);
        Count_NeedsLock(entry.ValueBytes - values, entry.EntryCost - cost);
        if (isNew) _line.Enqueue(entry);
        return entry;
    }

    private void Count_NeedsLock(long values, long entries)
    {
        Interlocked.Add(ref _valueBytes, values);
        Interlocked.Add(ref _entryBytes, entries);
    }
}
