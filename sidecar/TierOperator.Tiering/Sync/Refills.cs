using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// Sessions that a tier lost and a slower one holds: they are taken from there, for what this sidecar's journal has of them may be older than what
/// others wrote since. Of the journal only removals of items go with them, which the tier may still have. Oldest first; one that could not be
/// refilled comes behind the others.
/// </summary>
/// <remarks>Thread-safe. Bounded by its <see cref="Outbox"/>, which reads no further in the journal while this is large.</remarks>
internal sealed class Refills
{
    /// <summary>About what an entry, and an item's removal in it, cost beside their keys.</summary>
    private const int EntryBytes = 160;
    private const int RemovalBytes = 96;

    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], Entry> _waiting = new(KeyComparer.Instance);
    private readonly Queue<byte[]> _line = new();
    private long _bytes;

    /// <summary>Bytes of memory that the entries take, about.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);
    public int Count { get { lock (_gate) return _waiting.Count; } }

    /// <summary>Where the oldest of them stands in the journal; null where none stands there.</summary>
    public JournalPosition? Oldest { get { lock (_gate) return _waiting.Values.Min(static entry => entry.Since); } }

    public bool Contains(byte[] key)
    {
        lock (_gate) return _waiting.ContainsKey(key);
    }

    /// <param name="key">The session.</param>
    /// <param name="since">Where it was read in the journal; null where it stands in none.</param>
    /// <param name="removed">An item that was removed there; null for any other change.</param>
    public void Add(byte[] key, JournalPosition? since, RemovedItem? removed = null)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(key, out var entry))
            {
                _waiting[key] = entry = new Entry(since); // the first that is read is the oldest
                _line.Enqueue(key);
                Count_NeedsLock(EntryBytes + key.Length);
            }

            if (removed is not { } gone) return;
            entry.IsLonger = true;
            var item = gone.Item.ToArray();
            if (!entry.Removed.ContainsKey(item)) Count_NeedsLock(RemovalBytes + item.Length);
            if (entry.Removed.GetValueOrDefault(item) < gone.Version) entry.Removed[item] = gone.Version;
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

    /// <summary>What is to be removed with the refill that begins now.</summary>
    public List<RemovedItem> Begin(byte[] key)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(key, out var entry)) return [];
            entry.IsLonger = false;
            return [.. entry.Removed.Select(static gone => new RemovedItem(gone.Key, gone.Value))];
        }
    }

    /// <summary>Not now: behind the others.</summary>
    public void Later(byte[] key)
    {
        lock (_gate) _line.Enqueue(key);
    }

    /// <summary>The tier has it; again, where the journal told of one more removal meanwhile.</summary>
    public void Done(byte[] key)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(key, out var entry)) return;
            if (entry.IsLonger)
            {
                _line.Enqueue(key);
                return;
            }

            _waiting.Remove(key);
            Count_NeedsLock(-EntryBytes - key.Length - entry.Removed.Keys.Sum(static item => RemovalBytes + item.Length));
        }
    }

    private void Count_NeedsLock(long bytes) => Interlocked.Add(ref _bytes, bytes);

    private sealed class Entry(JournalPosition? since)
    {
        public JournalPosition? Since => since;
        public Dictionary<byte[], ItemVersion> Removed { get; } = new(KeyComparer.Instance);

        /// <summary>Since its refill began.</summary>
        public bool IsLonger { get; set; }
    }
}
