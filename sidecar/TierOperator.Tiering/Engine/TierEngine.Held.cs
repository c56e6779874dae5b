using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>What is here of a session that a tier is owed.</summary>
public sealed partial class TierEngine
{
    /// <summary>Between a look at memory and one at the disk a session may move from one to the other.</summary>
    private const int MostLooks = 8;

    /// <summary>What memory, else the disk, else the note itself holds of what is owed, as it is now.</summary>
    /// <exception cref="IOException">The disk cannot say, or the session moves again and again: ask later.</exception>
    private HeldItems HeldOf(OwedSession owed)
    {
        var hash = _memory.HashOf(owed.Key);
        for (var look = 0; look < MostLooks; look++)
        {
            if (HeldInMemory(owed, hash) is { } resident) return resident.WithCarried(owed);
            if (_disk is null) return HeldByNote(owed);
            var status = _disk.TryReadSession(owed.Key, out var session, evenExpired: true); // it may stay for that alone; its deadline is looked at later
            if (status == DiskReadStatus.Unavailable) throw new IOException("The disk cannot say what it holds of a session that is owed.");
            if (status == DiskReadStatus.Found) return HeldItems.Of(owed, session).WithCarried(owed);
            if (!IsHere(owed.Key, hash)) return HeldByNote(owed);
        }

        throw new IOException("A session that is owed moves between memory and disk faster than it can be read.");
    }

    private static HeldItems HeldByNote(OwedSession owed)
    {
        var carried = owed.Items.Values.Where(item => item.Carried is not null).Select(item => item.Carried!.Value).ToList();
        var isKnown = carried.Count > 0 || owed.Items.Values.Any(item => item.IsRemoved);
        return new HeldItems(isKnown ? owed.Header : null, carried, isWhole: false);
    }

    private unsafe HeldItems? HeldInMemory(OwedSession owed, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(owed.Key, hash);
            if (session == null || (session->Flags.Has(SessionFlags.HasDiskItems) && _disk!.Contains(owed.Key))) return null;
            var header = shard.HeaderOf_NeedsLock(session, _rules.Stored(session->RuleId, owed.Key));
            var items = new List<ItemSnapshot>();
            for (var item = session->Items; item != null; item = item->Following)
            {
                var key = ItemRecord.Key(item).ToArray();
                if (!owed.IsWhole && !(owed.Items.TryGetValue(key, out var change) && item->Version >= change.Version)) continue;
                items.Add(new ItemSnapshot(key, shard.ContentTypeOf_NeedsLock(item), item->Version, shard.CopyValue_NeedsLock(item)));
            }

            return new HeldItems(header, items, !header.IsPartial && items.Count == session->ItemCount && items.Count > 0);
        }
    }
}
