namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    private const int SlotsPerPage = 256;

    /// <summary>
    /// Live sessions, or those past their end and not swept yet, from a cursor on, in no particular order; how to go on, or -1 at the end. What is on disk during
    /// the whole walk is listed once; what comes and goes meanwhile may or may not be.
    /// </summary>
    /// <param name="cursor">0 at first, then what the call before answered.</param>
    /// <param name="limit">How many at most, about: a page ends after the one that reaches it.</param>
    /// <param name="page">Gets the sessions.</param>
    /// <param name="pastTheirEnd">Lists those past their end instead of the live ones.</param>
    public long ListSessions(long cursor, int limit, ICollection<DiskSession> page, bool pastTheirEnd = false)
    {
        var shard = (int)(cursor >> 32);
        var slot = (int)(cursor & uint.MaxValue);
        var found = new List<int>();
        while (shard < _index.Shards.Length)
        {
            found.Clear();
            var next = Collect(_index.Shards[shard], slot, Math.Min(SlotsPerPage, Math.Max(1, limit - page.Count)), found);
            foreach (var at in found) AddListed(_index.Shards[shard], at, page, pastTheirEnd);
            (shard, slot) = next < 0 ? (shard + 1, 0) : (shard, next);
            if (page.Count >= limit) break;
        }

        return shard >= _index.Shards.Length ? -1 : ((long)shard << 32) | (uint)slot;
    }

    /// <summary>
    /// All live sessions on the disk, or all past their end; call <see cref="FlushAsync"/> before, to have the pending ones there.
    /// </summary>
    public IEnumerable<DiskSession> EnumerateSessions(bool pastTheirEnd = false)
    {
        var page = new List<DiskSession>();
        for (long cursor = 0; cursor >= 0;)
        {
            page.Clear();
            cursor = ListSessions(cursor, SlotsPerPage, page, pastTheirEnd);
            foreach (var session in page) yield return session;
        }
    }

    /// <summary>The slot to go on at, -1 when the shard is through.</summary>
    private static int Collect(IndexShard shard, int from, int limit, List<int> found)
    {
        lock (shard.Gate)
        {
            for (var i = from; i < shard.Table.Limit; i++)
            {
                if (found.Count >= limit) return i;
                if (shard.Table.IsUsed(i) && shard.Table[i].IsSession) found.Add(i);
            }

            return -1;
        }
    }

    private void AddListed(IndexShard shard, int at, ICollection<DiskSession> page, bool pastTheirEnd)
    {
        // Compaction may move the record between the look and the read: then look again.
        for (var attempt = 0; attempt < ReadAttempts; attempt++)
        {
            if (!TryLook(shard, at, out var location, out var items, out var bytes)) return;
            if (_reader.Read(location, 0, out var record, metaOnly: true) != RecordReadStatus.Ok || record.Meta.Header is not { } header) continue;
            var isLive = record.Header.ExpiresMs == 0 || record.Header.ExpiresMs > NowMs;
            if (isLive != pastTheirEnd)
                page.Add(new DiskSession(record.Meta.SessionKey, header, items, bytes));
            return;
        }

        OnBadRecord();
    }

    private static bool TryLook(IndexShard shard, int at, out Location location, out int items, out long bytes)
    {
        (location, items, bytes) = (default, 0, 0);
        lock (shard.Gate)
        {
            var table = shard.Table;
            if (!table.IsUsed(at) || !table[at].IsSession) return false;
            location = table[at].Location;
            bytes = table[at].Size;
            items = table[at].Kind == EntryKind.Inline ? 1 : 0;
            for (var item = items == 1 ? at : table[at].Ring; item != at; item = table[item].Ring)
            {
                items++;
                bytes += table[item].Size;
            }

            return true;
        }
    }
}
