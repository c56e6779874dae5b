using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// What one tier has yet to hear of one session: which items changed and up to which version, not their bytes. The bytes are
/// taken from memory or disk when they are sent, so that ten writes of an item cost one.
/// </summary>
/// <remarks>Guarded by its <see cref="Outbox"/>'s lock until it is taken; then the taker's alone.</remarks>
internal sealed class OwedSession(byte[] key)
{
    /// <summary>About what an entry costs beside its keys: the objects and their places in tables.</summary>
    private const int EntryBytes = 256;
    private const int ItemBytes = 96;

    private readonly Dictionary<byte[], OwedItem> _items = new(KeyComparer.Instance);
    private List<TaskCompletionSource<RemoteResult>>? _waiters;
    private long _itemCost;
    private int _notes;

    public byte[] Key => key;
    public IReadOnlyDictionary<byte[], OwedItem> Items => _items;

    /// <summary>The session was deleted, and nothing written since.</summary>
    public bool IsDelete { get; private set; }

    /// <summary>Everything that is held here is to be sent, whatever the items say: the tier lost it, or never had it.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Nothing but accesses.</summary>
    public bool IsTouch => !IsWhole && _items.Count == 0 && Floor == ItemVersion.None;

    /// <summary>Some of it was read in the journal, which may lack what was written last before a power cut.</summary>
    public bool IsReread { get; private set; }
    public ItemVersion Floor { get; private set; }
    public ItemVersion Newest { get; private set; }

    /// <summary>The header of the newest change; null after a deletion.</summary>
    public SessionHeader? Header { get; private set; }
    public string? Strategy { get; private set; }

    /// <summary>Where its oldest change stands in the journal; null when it stands in none.</summary>
    public JournalPosition? Since { get; private set; }
    public long NotedMs { get; private set; }

    /// <summary>Bytes of values that wait, for the backlog's limit.</summary>
    public long ValueBytes { get; private set; }

    /// <summary>Bytes that the entry itself takes in memory.</summary>
    public long EntryCost => EntryBytes + (2 * key.Length) + _itemCost;

    /// <summary>How often it was sent and not taken.</summary>
    public int Attempts { get; private set; }

    /// <summary>How often the tier answered that it does not take this one.</summary>
    public int Objections { get; private set; }

    /// <summary>After a try in vain it waits until then, Unix milliseconds, so that others go first.</summary>
    public long RetryAtMs { get; private set; }

    public void CountAttempt(long nowMs, long longestPauseMs, bool isObjection)
    {
        Attempts++;
        if (isObjection) Objections++;
        RetryAtMs = nowMs + Math.Min(100L << Math.Min(Attempts, 10), longestPauseMs);
    }

    public void EndPause(long nowMs) => RetryAtMs = Math.Min(RetryAtMs, nowMs);

    public bool IsUrgent => _waiters is { Count: > 0 };

    /// <summary>Nobody waits for it, all of it can be read in the journal again, and meanwhile nobody takes for present what was removed.</summary>
    public bool IsInJournal => Since is not null && !IsUrgent && !IsWhole && !IsDelete && _items.Values.All(static item => item is { Carried: null, IsRemoved: false });

    /// <summary>Nothing but this one change was noted.</summary>
    public bool IsOnly(ItemVersion version) => _notes == 1 && Newest == version;

    public void Take(in OwedNote note)
    {
        _notes++;
        Since = JournalPosition.Earlier(Since, note.Since); // what could not wait to be read in the journal was noted before what stands in front of it there
        if (NotedMs == 0) NotedMs = note.NowMs;
        // Read from the journal after newer ones were noted; or what somebody saw who was overtaken by a deletion.
        var isOlder = note.Version != ItemVersion.None ? note.Version < Newest : IsDelete;
        if (note.IsDelete || note.Replaces) RaiseFloor(note.Version);
        if (!isOlder) (Newest, IsDelete, Header) = (note.Version > Newest ? note.Version : Newest, note.IsDelete, note.Header);
        IsWhole |= note.IsWhole;
        IsReread |= note.IsReread;
        Strategy = note.Strategy ?? Strategy;
        foreach (var put in note.Puts) Set(put.Item, new OwedItem(note.Version, IsRemoved: false, put.Bytes, put.Carried) { Seen = note.SeenOf(put.Item) });
        foreach (var gone in note.Removed) Set(gone, new OwedItem(note.Version, IsRemoved: true, 0, null) { Seen = note.SeenOf(gone) });
    }

    /// <summary>What was sent in vain comes back under what was noted meanwhile: the newer of each counts.</summary>
    public void TakeBack(OwedSession earlier)
    {
        _notes += earlier._notes;
        Since = JournalPosition.Earlier(earlier.Since, Since);
        NotedMs = Math.Min(NotedMs, earlier.NotedMs);
        (Attempts, Objections, RetryAtMs) = (Math.Max(Attempts, earlier.Attempts), Math.Max(Objections, earlier.Objections), Math.Max(RetryAtMs, earlier.RetryAtMs));
        IsWhole |= earlier.IsWhole;
        IsReread |= earlier.IsReread;
        if (earlier.Floor > Floor) Floor = earlier.Floor;
        if (earlier.Newest > Newest) Newest = earlier.Newest;
        foreach (var (item, owed) in earlier._items)
        {
            if (owed.Version <= Floor) continue;
            if (!_items.TryGetValue(item, out var newer)) Set(item, owed);
            else _items[item] = newer with { Seen = SeenBy(newer, owed) }; // it may have arrived all the same
        }
    }

    /// <summary>The caller is told what becomes of the entry as it is when it is sent next.</summary>
    public Task<RemoteResult> Await()
    {
        var waiter = new TaskCompletionSource<RemoteResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        (_waiters ??= []).Add(waiter);
        return waiter.Task;
    }

    /// <summary>Everybody who waits, once: to be told outside the lock.</summary>
    public Waiters TakeWaiters()
    {
        var waiters = new Waiters(_waiters);
        _waiters = null;
        return waiters;
    }

    private void RaiseFloor(ItemVersion floor)
    {
        if (floor <= Floor) return;
        Floor = floor;
        foreach (var (item, owed) in _items)
        {
            if (owed.Version >= floor) continue;
            _items.Remove(item);
            (ValueBytes, _itemCost) = (ValueBytes - owed.Bytes, _itemCost - CostOf(item, owed));
        }
    }

    private void Set(byte[] item, in OwedItem owed)
    {
        if (owed.Version < Floor) return;
        var isRewrite = _items.TryGetValue(item, out var before);
        if (isRewrite && before.Version > owed.Version)
        {
            if (owed.Seen is { Length: > 0 }) _items[item] = before with { Seen = SeenBy(before, owed) }; // read in the journal after it was overwritten
            return;
        }

        if (isRewrite) (ValueBytes, _itemCost) = (ValueBytes - before.Bytes, _itemCost - CostOf(item, before));
        (ValueBytes, _itemCost) = (ValueBytes + owed.Bytes, _itemCost + CostOf(item, owed));
        _items[item] = !isRewrite ? owed : owed with { Seen = before.Version == owed.Version ? before.Seen ?? owed.Seen : SeenBy(owed, before) };
    }

    /// <summary>
    /// What the writers of both knew. The one before is known as well, for it may have arrived: one of the same node without being named, so that what
    /// is written ten thousand times while the tier is away does not name them all.
    /// </summary>
    private static ItemVersion[]? SeenBy(in OwedItem newer, in OwedItem before)
    {
        if (ReferenceEquals(newer.Seen, OwedItem.Everything) || ReferenceEquals(before.Seen, OwedItem.Everything)) return OwedItem.Everything;
        if (newer.Seen is null || before.Seen is null) return null;
        var earlier = before.Version;
        var known = newer.Seen.Where(version => version != earlier).Concat(before.Seen);
        return [.. earlier.Node == newer.Version.Node ? known : known.Append(earlier)];
    }

    private static long CostOf(byte[] item, in OwedItem owed) => item.Length + ItemBytes + (owed.Carried?.Value.Length ?? 0);
}

/// <summary>Callers that wait for what becomes of an entry.</summary>
internal readonly struct Waiters(List<TaskCompletionSource<RemoteResult>>? waiting)
{
    public void Tell(RemoteResult result)
    {
        foreach (var waiter in waiting ?? []) waiter.TrySetResult(result);
    }
}

/// <summary>One item that a tier has yet to hear of. Carried: its value, where no local tier holds it.</summary>
internal readonly record struct OwedItem(ItemVersion Version, bool IsRemoved, long Bytes, ItemSnapshot? Carried)
{
    /// <summary>
    /// What its writer knew of the item, where the rule settles conflicts otherwise than by the latest: a tier that holds none of these holds
    /// another's write. Null: not known.
    /// </summary>
    public ItemVersion[]? Seen { get; init; }

    public bool MayConflict => !IsRemoved && !ReferenceEquals(Seen, Everything);

    /// <summary>Sent once more to a tier that lost it: it was settled once, and what stands there may have come after it.</summary>
    public static readonly ItemVersion[] Everything = [];
}

/// <summary>An item of a note.</summary>
internal readonly record struct OwedPut(byte[] Item, long Bytes, ItemSnapshot? Carried);

/// <summary>One change as the engine tells it to an outbox, in the order in which it happened.</summary>
internal readonly record struct OwedNote(byte[] Key, ItemVersion Version, long NowMs)
{
    public SessionHeader? Header { get; init; }
    public bool IsDelete { get; init; }
    public bool Replaces { get; init; }
    public bool IsWhole { get; init; }
    public IReadOnlyList<OwedPut> Puts { get; init; } = [];
    public IReadOnlyList<byte[]> Removed { get; init; } = [];
    public string? Strategy { get; init; }

    /// <summary>What the writer knew of each item that it changes (<see cref="OwedItem.Seen"/>); an item that is missing was not there.</summary>
    public IReadOnlyDictionary<byte[], ItemVersion>? Seen { get; init; }

    public bool IsReread { get; init; }

    /// <summary>Read from the journal for a tier that lost what it had.</summary>
    public bool IsResent { get; init; }

    public ItemVersion[]? SeenOf(byte[] item) => IsResent ? OwedItem.Everything : Seen is null ? null : [Seen.GetValueOrDefault(item)];

    /// <summary>A place in the journal at or before the change's own; null when it is not journalled.</summary>
    public JournalPosition? Since { get; init; }

    /// <summary>Better told soon: no journal keeps it, or its rule compares it with what others wrote meanwhile.</summary>
    public bool IsHasty => Seen is not null || (Since is null && (IsDelete || Puts.Count > 0 || Removed.Count > 0));
}
