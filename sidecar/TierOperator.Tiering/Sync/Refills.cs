using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// Sessions that a tier lost and a slower one holds: they are taken from there, for what this sidecar's journal has of them may be older than what
/// others wrote since. Oldest first; one that could not be refilled comes behind the others.
/// </summary>
/// <remarks>
/// Thread-safe. Bounded: while the slower tier is away there may be no room for all, and the journal is read again for the others when it is back
/// (<see cref="TakeMissed"/>).
/// </remarks>
internal sealed class Refills(long maxBytes)
{
    /// <summary>About what an entry costs beside its key.</summary>
    private const int EntryBytes = 128;

    /// <summary>One that failed so often for another reason than a tier that is away is given up.</summary>
    private const int MaxFailures = 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], Refill> _waiting = new(KeyComparer.Instance);
    private readonly Queue<byte[]> _line = new();
    private long _bytes;
    private JournalPosition? _missedFrom;

    public int Count { get { lock (_gate) return _waiting.Count; } }

    /// <summary>Where the oldest of them stands in the journal; null where none stands there.</summary>
    public JournalPosition? Oldest { get { lock (_gate) return _waiting.Values.Aggregate(_missedFrom, static (oldest, refill) => JournalPosition.Earlier(oldest, refill.Since)); } }

    /// <summary>For those of a stretch of the journal.</summary>
    public bool HasRoom { get { lock (_gate) return _bytes < maxBytes / 2; } }

    /// <summary>From where the journal tells of those for which there was no room; null where there are none. Who takes it reads from there.</summary>
    public JournalPosition? TakeMissed()
    {
        lock (_gate)
        {
            var missed = _missedFrom;
            _missedFrom = null;
            return missed;
        }
    }

    public bool Contains(byte[] key)
    {
        lock (_gate) return _waiting.ContainsKey(key);
    }

    /// <param name="key">The session.</param>
    /// <param name="since">Where it was read in the journal; null where it stands in none.</param>
    public void Add(byte[] key, JournalPosition? since)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(key, out var before))
            {
                _waiting[key] = before with { Since = JournalPosition.Earlier(before.Since, since) };
                return;
            }

            if (_bytes >= maxBytes)
            {
                _missedFrom = JournalPosition.Earlier(_missedFrom, since);
                return;
            }

            _waiting.Add(key, new Refill(since, Failures: 0));
            _line.Enqueue(key);
            _bytes += EntryBytes + key.Length;
        }
    }

    /// <summary>The next ones, at most so many. They stay here until <see cref="Done"/>.</summary>
    public List<byte[]> Next(int most)
    {
        var next = new List<byte[]>();
        lock (_gate)
        {
            while (next.Count < most && _line.TryDequeue(out var key))
                if (_waiting.ContainsKey(key)) next.Add(key);
        }

        return next;
    }

    /// <summary>Not now: behind the others.</summary>
    public void Later(byte[] key)
    {
        lock (_gate) _line.Enqueue(key);
    }

    /// <summary>Something unexpected was in the way: later, but not for ever.</summary>
    public void Failed(byte[] key)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(key, out var refill)) return;
            _waiting[key] = refill with { Failures = refill.Failures + 1 };
            if (refill.Failures + 1 < MaxFailures) _line.Enqueue(key);
            else Remove_NeedsLock(key);
        }
    }

    /// <summary>It is there again.</summary>
    public void Done(byte[] key)
    {
        lock (_gate) Remove_NeedsLock(key);
    }

    private void Remove_NeedsLock(byte[] key)
    {
        if (_waiting.Remove(key)) _bytes -= EntryBytes + key.Length;
    }

    private readonly record struct Refill(JournalPosition? Since, int Failures);
}
