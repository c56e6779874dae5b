using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// Sessions that a tier lost and a slower one holds: they are taken from there, for what this sidecar's journal has of them may be older than what
/// others wrote since. Oldest first; one that could not be refilled comes behind the others.
/// </summary>
/// <remarks>Thread-safe. Bounded: one for which there is no room is not refilled, and read from the slower tier until it is written again.</remarks>
internal sealed class Refills(long maxBytes)
{
    /// <summary>About what an entry costs beside its key.</summary>
    private const int EntryBytes = 128;

    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], JournalPosition?> _waiting = new(KeyComparer.Instance);
    private readonly Queue<byte[]> _line = new();
    private long _bytes;

    public int Count { get { lock (_gate) return _waiting.Count; } }

    /// <summary>Where the oldest of them stands in the journal; null where none stands there.</summary>
    public JournalPosition? Oldest { get { lock (_gate) return _waiting.Values.Min(); } }

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
            if (_bytes >= maxBytes || !_waiting.TryAdd(key, since)) return; // read before, and so from further ahead in the journal
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

    public void Done(byte[] key)
    {
        lock (_gate)
        {
            if (_waiting.Remove(key)) _bytes -= EntryBytes + key.Length;
        }
    }
}
