using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Disk;

/// <summary>One record as the index needs to know it: from the committer, a scan, or a hint file.</summary>
internal readonly record struct IndexChange(
    RecordOp Op, Hash128 Session, ulong Item, Location Location, long Size, long ExpiresMs, uint AccessSeconds);

/// <summary>Tells which session and item a record is of, so that entries with the same 32-bit hash are told apart.</summary>
internal interface IRecordIdentity
{
    /// <summary>False when the record cannot be read.</summary>
    bool TryIdentify(Location location, out Hash128 session, out ulong item);
}

/// <summary>
/// Where each session and item is on disk; keys and values stay there. At most 32 bytes an item: see docs/disk.md.
/// </summary>
/// <remarks>
/// 1. A session is in one shard, by its hash. 2. A session of one item is one entry, a larger one an entry of its own
/// and a ring of items. 3. Entries carry 32 bits of hash; a match is confirmed by the record's own 128 bits, under the
/// shard's lock for changes, from the record as read for reads. 4. A record that cannot be read is taken for a match: a
/// change then replaces what nobody could have read.
/// </remarks>
internal sealed class DiskIndex : IDisposable
{
    private const int ShardBits = 4;
    private readonly IndexShard[] _shards = new IndexShard[1 << ShardBits];
    private readonly SegmentSet _segments;
    private long _items;

    public DiskIndex(SegmentSet segments, IRecordIdentity identity)
    {
        _segments = segments;
        Identity = identity;
        for (var i = 0; i < _shards.Length; i++) _shards[i] = new IndexShard(Account);
    }

    /// <summary>Swapped once, when recovery ends.</summary>
    public IRecordIdentity Identity { get; set; }
    public ReadOnlySpan<IndexShard> Shards => _shards;

    /// <summary>What all its tables take. One counter: it is asked for with every write.</summary>
    public NativeAccount Account { get; } = new();
    public long Sessions => _shards.Sum(shard => (long)shard.Sessions);
    public long Items => Interlocked.Read(ref _items);

    public static int ShardIndexOf(Hash128 session) => (int)(session.High >> (64 - ShardBits));
    public IndexShard ShardOf(Hash128 session) => _shards[ShardIndexOf(session)];

    public static uint SessionHash(Hash128 session) => (uint)session.Low;

    public static uint ItemHash(Hash128 session, ulong item)
        => (uint)(((session.Low ^ item) * 0x9E3779B97F4A7C15UL) >> 32);

    /// <summary>Gives its memory back. Whoever still asks is told that nothing is here.</summary>
    public void Dispose()
    {
        foreach (var shard in _shards) shard.Dispose();
    }

    /// <summary>Takes over what a record says. Records come in the order of the log.</summary>
    public void Apply_NeedsLock(IndexShard shard, in IndexChange change)
    {
        switch (change.Op)
        {
            case RecordOp.Put: Put(shard, change); break;
            case RecordOp.DeleteItem: DeleteItem(shard, change); break;
            case RecordOp.PutHeader: PutHeader(shard, change); break;
            case RecordOp.DeleteSession: DeleteSession(shard, change); break;
            case RecordOp.Drop: RemoveSession_NeedsLock(shard, FindExact(shard, change.Session)); break;
            default: throw new InvalidOperationException($"A record of the unknown kind {change.Op} passed the checks.");
        }
    }

    /// <summary>The session's entry without asking the disk, unless two have the same hash; -1 when there is none.</summary>
    public int FindSession_NeedsLock(IndexShard shard, Hash128 session)
    {
        var found = -1;
        var hash = SessionHash(session);
        var table = shard.Table;
        for (var i = table.First(hash); i != IndexEntry.NoLink; i = table[i].Next)
        {
            ref var entry = ref table[i];
            if (entry.Hash != hash || entry.Kind == EntryKind.Item) continue;
            if (found >= 0) return FindExact(shard, session);
            found = i;
        }

        return found;
    }

    /// <summary>The item's entry in a session that has more than one, as <see cref="FindSession_NeedsLock"/> does.</summary>
    public int FindItem_NeedsLock(IndexShard shard, Hash128 session, ulong item)
    {
        var found = -1;
        var hash = ItemHash(session, item);
        var table = shard.Table;
        for (var i = table.First(hash); i != IndexEntry.NoLink; i = table[i].Next)
        {
            ref var entry = ref table[i];
            if (entry.Hash != hash || entry.Kind != EntryKind.Item) continue;
            if (found >= 0) return FindItemExact(shard, session, item);
            found = i;
        }

        return found;
    }

    /// <summary>Takes a session with all its items out; -1 does nothing.</summary>
    public void RemoveSession_NeedsLock(IndexShard shard, int index)
    {
        if (index < 0) return;
        var table = shard.Table;
        ref var session = ref table[index];
        switch (session.Kind)
        {
            case EntryKind.Tombstone:
                table.Remove(index);
                return;
            case EntryKind.Inline:
                AddLive(session, -1);
                Interlocked.Decrement(ref _items);
                break;
            case EntryKind.HeaderAlone:
                AddLive(session, -1);
                break;
        }

        if (session.Kind != EntryKind.Inline)
        {
            for (var i = session.Ring; i != index;)
            {
                var next = table[i].Ring;
                AddLive(table[i], -1);
                table.Remove(i);
                Interlocked.Decrement(ref _items);
                i = next;
            }
        }

        table.Remove(index);
        shard.Sessions--;
    }

    /// <summary>An item's latest record is lost: the item goes, so that no older record of it is taken for the latest.</summary>
    public void Lose_NeedsLock(IndexShard shard, Hash128 session, ulong item)
    {
        var at = FindExact(shard, session);
        if (at < 0 || shard.Table[at].Kind == EntryKind.Tombstone) return;
        Spread(shard, at, session);
        var found = FindItemExact(shard, session, item);
        if (found >= 0) RemoveItem(shard, at, found);
        if (shard.Table[at].Ring == at && shard.Table[at].Kind != EntryKind.HeaderAlone) RemoveSession_NeedsLock(shard, at);
    }

    /// <summary>True when an entry refers to this record.</summary>
    public static bool Refers_NeedsLock(IndexShard shard, in IndexChange record)
        => FindAt(shard, SessionHash(record.Session), record.Location, wantItem: false) >= 0
            || FindAt(shard, ItemHash(record.Session, record.Item), record.Location, wantItem: true) >= 0;

    /// <summary>Leads what refers to a record to its copy. False when nothing does: the copy is garbage.</summary>
    public bool Relocate_NeedsLock(IndexShard shard, in IndexChange record, Location target, long size)
    {
        var session = FindAt(shard, SessionHash(record.Session), record.Location, wantItem: false);
        var item = FindAt(shard, ItemHash(record.Session, record.Item), record.Location, wantItem: true);
        if (session >= 0) Move(ref shard.Table[session], target, size);
        if (item >= 0) Move(ref shard.Table[item], target, size);
        return session >= 0 || item >= 0;
    }

    private void Move(ref IndexEntry entry, Location target, long size)
    {
        var counts = entry.Kind is EntryKind.Inline or EntryKind.HeaderAlone or EntryKind.Item;
        if (counts) AddLive(entry, -1);
        entry.Location = target;
        if (!counts) return;
        entry.Size = size;
        AddLive(entry, 1);
    }

    private static int FindAt(IndexShard shard, uint hash, Location location, bool wantItem)
    {
        var table = shard.Table;
        for (var i = table.First(hash); i != IndexEntry.NoLink; i = table[i].Next)
        {
            ref var entry = ref table[i];
            if (entry.Hash == hash && entry.Kind == EntryKind.Item == wantItem && entry.Location == location) return i;
        }

        return -1;
    }

    /// <summary>The committer has written a record: whoever must know what it is need not read it.</summary>
    public void Remember_NeedsLock(IndexShard shard, in IndexChange change)
    {
        if (_segments.Find(change.Location.Slot) is { } segment) shard.Recent.Add(change.Location, segment.Header.Epoch, change.Session, change.Item);
    }

    private bool TryIdentify(IndexShard shard, Location location, out Hash128 session, out ulong item)
    {
        if (_segments.Find(location.Slot) is { } segment && shard.Recent.TryFind(location, segment.Header.Epoch, out session, out item)) return true;
        return Identity.TryIdentify(location, out session, out item);
    }

    private int FindExact(IndexShard shard, Hash128 session) => FindExact(shard, session, out _);

    /// <param name="item">The item of the record that its entry refers to; null where that cannot be read.</param>
    private int FindExact(IndexShard shard, Hash128 session, out ulong? item)
    {
        item = null;
        var hash = SessionHash(session);
        var table = shard.Table;
        for (var i = table.First(hash); i != IndexEntry.NoLink; i = table[i].Next)
        {
            ref var entry = ref table[i];
            if (entry.Hash != hash || entry.Kind == EntryKind.Item) continue;
            var isKnown = TryIdentify(shard, entry.Location, out var found, out var only);
            if (isKnown && found != session) continue;
            item = isKnown ? only : null;
            return i;
        }

        return -1;
    }

    private int FindItemExact(IndexShard shard, Hash128 session, ulong item)
    {
        var hash = ItemHash(session, item);
        var table = shard.Table;
        for (var i = table.First(hash); i != IndexEntry.NoLink; i = table[i].Next)
        {
            ref var entry = ref table[i];
            if (entry.Hash == hash && entry.Kind == EntryKind.Item
                && (!TryIdentify(shard, entry.Location, out var owner, out var found) || (owner == session && found == item))) return i;
        }

        return -1;
    }

    private void Put(IndexShard shard, in IndexChange change)
    {
        var table = shard.Table;
        var at = FindLive(shard, change.Session, out var present);
        if (at < 0)
        {
            at = AddSession(shard, change, EntryKind.Inline);
            table[at].Size = change.Size;
            AddLive(table[at], 1);
            Interlocked.Increment(ref _items);
        }
        else if (table[at].Kind == EntryKind.Inline)
        {
            PutBesideOne(shard, at, present, change);
        }
        else
        {
            PutAmongMany(shard, at, change);
        }

        Stamp(ref table[at], change);
    }

    private void PutBesideOne(IndexShard shard, int at, ulong? present, in IndexChange change)
    {
        ref var session = ref shard.Table[at];
        if (present is not { } only || only == change.Item)
        {
            AddLive(session, -1);
            session.Location = change.Location;
            session.Size = change.Size;
            AddLive(session, 1);
            return;
        }

        AddItem(shard, at, ItemHash(change.Session, only), session.Location, session.Size);
        session.Kind = EntryKind.HeaderInPut;
        session.Size = 0;
        session.Location = change.Location;
        AddLive(shard.Table[AddItem(shard, at, ItemHash(change.Session, change.Item), change.Location, change.Size)], 1);
        Interlocked.Increment(ref _items);
    }

    private void PutAmongMany(IndexShard shard, int at, in IndexChange change)
    {
        ReleaseHeader(ref shard.Table[at]);
        var item = FindItemExact(shard, change.Session, change.Item);
        if (item < 0)
        {
            item = AddItem(shard, at, ItemHash(change.Session, change.Item), change.Location, change.Size);
            Interlocked.Increment(ref _items);
        }
        else
        {
            AddLive(shard.Table[item], -1);
        }

        ref var entry = ref shard.Table[item];
        entry.Location = change.Location;
        entry.Size = change.Size;
        AddLive(entry, 1);
        ref var session = ref shard.Table[at];
        session.Kind = EntryKind.HeaderInPut;
        session.Location = change.Location;
    }

    private void DeleteItem(IndexShard shard, in IndexChange change)
    {
        AddTombstone(change);
        var at = FindLive(shard, change.Session);
        if (at < 0) return;
        Spread(shard, at, change.Session);
        var item = FindItemExact(shard, change.Session, change.Item);
        if (item >= 0) RemoveItem(shard, at, item);
        ref var session = ref shard.Table[at];
        ReleaseHeader(ref session);
        session.Kind = EntryKind.HeaderInDelete;
        session.Location = change.Location;
        Stamp(ref session, change);
    }

    private void PutHeader(IndexShard shard, in IndexChange change)
    {
        var at = FindLive(shard, change.Session);
        if (at < 0) at = AddSession(shard, change, EntryKind.HeaderInDelete);
        else Spread(shard, at, change.Session);
        ref var session = ref shard.Table[at];
        ReleaseHeader(ref session);
        session.Kind = EntryKind.HeaderAlone;
        session.Location = change.Location;
        session.Size = change.Size;
        AddLive(session, 1);
        Stamp(ref session, change);
    }

    private void DeleteSession(IndexShard shard, in IndexChange change)
    {
        AddTombstone(change);
        RemoveSession_NeedsLock(shard, FindExact(shard, change.Session));
        if (change.ExpiresMs == 0) return;
        var at = shard.Table.Add(SessionHash(change.Session), EntryKind.Tombstone, change.Location);
        Stamp(ref shard.Table[at], change);
    }

    /// <summary>A session's entry; a tombstone in its place goes, for the session's header carries the floor.</summary>
    private int FindLive(IndexShard shard, Hash128 session) => FindLive(shard, session, out _);

    private int FindLive(IndexShard shard, Hash128 session, out ulong? item)
    {
        var at = FindExact(shard, session, out item);
        if (at < 0 || shard.Table[at].Kind != EntryKind.Tombstone) return at;
        shard.Table.Remove(at);
        return -1;
    }

    /// <summary>Gives the one item of an inline session an entry of its own.</summary>
    private void Spread(IndexShard shard, int at, Hash128 hash)
    {
        ref var session = ref shard.Table[at];
        if (session.Kind != EntryKind.Inline) return;
        if (TryIdentify(shard, session.Location, out _, out var only))
        {
            AddItem(shard, at, ItemHash(hash, only), session.Location, session.Size);
        }
        else
        {
            AddLive(session, -1);
            Interlocked.Decrement(ref _items);
        }

        session.Kind = EntryKind.HeaderInPut;
        session.Size = 0;
    }

    private static int AddSession(IndexShard shard, in IndexChange change, EntryKind kind)
    {
        shard.Sessions++;
        return shard.Table.Add(SessionHash(change.Session), kind, change.Location);
    }

    private static int AddItem(IndexShard shard, int session, uint hash, Location location, long size)
    {
        var table = shard.Table;
        var item = table.Add(hash, EntryKind.Item, location);
        table[item].Size = size;
        table[item].Ring = table[session].Ring;
        table[session].Ring = item;
        return item;
    }

    private void RemoveItem(IndexShard shard, int session, int item)
    {
        var table = shard.Table;
        var before = session;
        while (table[before].Ring != item) before = table[before].Ring;
        table[before].Ring = table[item].Ring;
        AddLive(table[item], -1);
        table.Remove(item);
        Interlocked.Decrement(ref _items);
    }

    private void ReleaseHeader(ref IndexEntry session)
    {
        if (session.Kind == EntryKind.HeaderAlone) AddLive(session, -1);
        session.Size = 0;
    }

    private static void Stamp(ref IndexEntry session, in IndexChange change)
    {
        session.Expiry = CoarseClock.Expiry(change.ExpiresMs);
        session.Access = CoarseClock.Access(change.AccessSeconds * 1000L);
    }

    private void AddLive(in IndexEntry entry, int sign) => _segments.AddLive(entry.Location.Slot, sign * entry.Size);

    private void AddTombstone(in IndexChange change) => _segments.AddTombstone(change.Location.Slot, change.Size);
}
