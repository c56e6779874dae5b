namespace TierOperator.Tiering.Disk;

/// <summary>A session that is to go, where it was seen, with its key.</summary>
internal readonly record struct RemovalCandidate(Hash128 Session, Location Location, byte[] Key, long Bytes);

/// <summary>Finds sessions that have expired, and the coldest ones when there is too much. Never half a session.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class Sweeper(
    DiskIndex index, SegmentSet segments, RecordReader reader, DiskOptions options,
    Func<List<RemovalCandidate>, SessionGoneReason, int> remove)
{
    private const int SlotsPerLock = 512;
    private const int BatchSessions = 256;
    private const int Samples = 24;
    private const int FruitlessRounds = 64;

    /// <summary>What stays though its time here is over is read again each time: a round that has met so many goes on in the next one.</summary>
    private const int MostKept = 10_000;

    private readonly Random _random = new();
    private readonly List<(Location Location, uint Hash)> _found = [];
    private int _sweepFrom;
    private int _kept;

    public long Evictions { get; private set; }
    public long Expirations { get; private set; }

    public void SweepExpired(long nowMs)
    {
        var now = CoarseClock.ExpiryNow(nowMs);
        _kept = 0;
        for (var swept = 0; swept < index.Shards.Length && _kept < MostKept; swept++)
        {
            var shard = index.Shards[_sweepFrom];
            _sweepFrom = (_sweepFrom + 1) % index.Shards.Length;
            for (var from = 0; from < shard.Table.Limit; from += SlotsPerLock)
            {
                _found.Clear();
                lock (shard.Gate) CollectExpired_NeedsLock(shard, from, now);
                if (_found.Count > 0) Expire(nowMs);
            }
        }
    }

    /// <summary>Evicts until about so many bytes are freed; false when nothing could be.</summary>
    public bool Evict(long bytes, long nowMs)
    {
        var freed = 0L;
        var fruitless = 0;
        var taken = new HashSet<Hash128>();
        var batch = new List<RemovalCandidate>();
        while (freed + batch.Sum(candidate => candidate.Bytes) < bytes && fruitless < FruitlessRounds)
        {
            if (Coldest(nowMs) is { } coldest && taken.Add(coldest.Session)) batch.Add(coldest);
            else fruitless++;
            if (batch.Count >= BatchSessions) freed += Flush(batch);
        }

        freed += Flush(batch);
        return freed > 0;
    }

    private long Flush(List<RemovalCandidate> batch)
    {
        if (batch.Count == 0) return 0;
        var bytes = batch.Sum(candidate => candidate.Bytes);
        var removed = remove(batch, SessionGoneReason.Evicted);
        Evictions += removed;
        bytes = bytes * removed / batch.Count;
        batch.Clear();
        return bytes;
    }

    private void CollectExpired_NeedsLock(IndexShard shard, int from, uint now)
    {
        for (var i = from; i < Math.Min(from + SlotsPerLock, shard.Table.Limit); i++)
        {
            if (!shard.Table.IsUsed(i)) continue;
            ref var entry = ref shard.Table[i];
            if (entry.Kind == EntryKind.Item || entry.Expiry == 0 || entry.Expiry > now) continue;
            if (entry.Kind == EntryKind.Tombstone) index.RemoveSession_NeedsLock(shard, i);
            else _found.Add((entry.Location, entry.Hash));
        }
    }

    private void Expire(long nowMs)
    {
        var expired = new List<RemovalCandidate>();
        foreach (var (location, _) in _found)
        {
            if (reader.Read(location, 0, out var record, metaOnly: true) != RecordReadStatus.Ok) continue;
            if (record.Header.ExpiresMs == 0 || record.Header.ExpiresMs > nowMs) continue;
            if (!MayGo(record.Meta, nowMs)) _kept++;
            else expired.Add(new RemovalCandidate(record.Header.Session, location, record.Meta.SessionKey, record.Header.StoredBytes));
        }

        if (expired.Count > 0) Expirations += remove(expired, SessionGoneReason.Expired);
    }

    /// <summary>What has only been here for long enough stays while somebody else is owed it; what is over is over for all.</summary>
    private bool MayGo(in RecordMeta meta, long nowMs)
        => meta.Header is not { } header || header.DeadlineMs <= nowMs || options.MayEvict is not { } may || may(meta.SessionKey, header);

    /// <summary>The longest untouched of a sample; among equals, the one written longest ago.</summary>
    private RemovalCandidate? Coldest(long nowMs)
    {
        var now = CoarseClock.Access(nowMs);
        (Location Location, uint Age, long Order)? coldest = null;
        for (var i = 0; i < Samples; i++)
        {
            if (Sample(now) is not { } sample) continue;
            if (coldest is not { } best || sample.Age > best.Age || (sample.Age == best.Age && IsBefore(sample, best))) coldest = sample;
        }

        if (coldest is not { } chosen) return null;
        if (reader.Read(chosen.Location, 0, out var record, metaOnly: true) != RecordReadStatus.Ok || record.Meta.Header is null) return null;
        if (options.MayEvict is { } may && !may(record.Meta.SessionKey, record.Meta.Header)) return null;
        return new RemovalCandidate(record.Header.Session, chosen.Location, record.Meta.SessionKey, BytesOf(record.Header.Session));
    }

    private static bool IsBefore((Location Location, uint Age, long Order) left, (Location Location, uint Age, long Order) right)
        => left.Order != right.Order ? left.Order < right.Order : left.Location.Offset < right.Location.Offset;

    private (Location Location, uint Age, long Order)? Sample(uint now)
    {
        var shard = index.Shards[_random.Next(index.Shards.Length)];
        lock (shard.Gate)
        {
            if (shard.Sessions == 0) return null;
            var at = _random.Next(shard.Table.Limit);
            for (var tries = 0; tries < SlotsPerLock; tries++, at = (at + 1) % shard.Table.Limit)
            {
                if (!shard.Table.IsUsed(at) || !shard.Table[at].IsSession) continue;
                ref var entry = ref shard.Table[at];
                return (entry.Location, CoarseClock.Age(entry.Access, now), segments.Find(entry.Location.Slot)?.Header.Order ?? 0);
            }

            return null;
        }
    }

    private long BytesOf(Hash128 session) => SessionView.Take(index, session, withItems: false, access: null).StoredBytes;
}
