using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>A session as it is before a change, wherever it is: what a plan is decided on.</summary>
internal abstract class PresentSession
{
    public static readonly PresentSession Absent = new AbsentSession();

    /// <summary>Null when there is no such session.</summary>
    public abstract SessionHeader? Header { get; }
    public abstract int ItemCount { get; }
    public abstract ItemVersion? VersionOf(ReadOnlySpan<byte> item);

    /// <summary>Null when there is no such item.</summary>
    public abstract string? ContentTypeOf(ReadOnlySpan<byte> item);

    /// <summary>Every item with its version.</summary>
    public abstract IEnumerable<(byte[] Key, ItemVersion Version)> Versions();

    /// <summary>The whole session; the caller releases it. Null when there is none.</summary>
    public abstract SessionSnapshot? Snapshot();

    /// <summary>An item's bytes, for conditions over JSON fields; null when there is none.</summary>
    public abstract byte[]? BytesOf(ReadOnlySpan<byte> item);

    private sealed class AbsentSession : PresentSession
    {
        public override SessionHeader? Header => null;
        public override int ItemCount => 0;
        public override ItemVersion? VersionOf(ReadOnlySpan<byte> item) => null;
        public override string? ContentTypeOf(ReadOnlySpan<byte> item) => null;
        public override IEnumerable<(byte[] Key, ItemVersion Version)> Versions() => [];
        public override SessionSnapshot? Snapshot() => null;
        public override byte[]? BytesOf(ReadOnlySpan<byte> item) => null;
    }
}

/// <summary>A session in memory. Valid only while the shard's lock is held.</summary>
internal sealed unsafe class ResidentSession(MemoryShard shard, nint record, ActiveRule rule) : PresentSession
{
    private readonly SessionRecord* _session = (SessionRecord*)record;

    public override SessionHeader? Header => shard.HeaderOf_NeedsLock(_session, rule);
    public override int ItemCount => _session->ItemCount;

    public override ItemVersion? VersionOf(ReadOnlySpan<byte> item)
    {
        var found = shard.FindItem_NeedsLock(_session, item);
        return found == null ? null : found->Version;
    }

    public override string? ContentTypeOf(ReadOnlySpan<byte> item)
    {
        var found = shard.FindItem_NeedsLock(_session, item);
        return found == null ? null : shard.ContentTypeOf_NeedsLock(found);
    }

    public override IEnumerable<(byte[] Key, ItemVersion Version)> Versions()
    {
        var versions = new List<(byte[], ItemVersion)>(_session->ItemCount);
        for (var item = _session->Items; item != null; item = item->Following) versions.Add((ItemRecord.Key(item).ToArray(), item->Version));
        return versions;
    }

    public override SessionSnapshot Snapshot() => shard.Snapshot_NeedsLock(_session, rule);

    public override byte[]? BytesOf(ReadOnlySpan<byte> item)
    {
        var found = shard.FindItem_NeedsLock(_session, item);
        return found == null || found->ValueLength < 0 ? null : ItemRecord.Value(found).ToArray();
    }
}

/// <summary>A session as the shared tiers hold it. Valid while its holder keeps the values.</summary>
internal sealed class SnapshotSession(SessionSnapshot session) : PresentSession
{
    private readonly Dictionary<byte[], ItemSnapshot> _items = session.Items.ToDictionary(item => item.Key, KeyComparer.Instance);

    public override SessionHeader? Header => session.Header;
    public override int ItemCount => session.Items.Count;
    public override ItemVersion? VersionOf(ReadOnlySpan<byte> item) => _items.TryGetValue(item.ToArray(), out var found) ? found.Version : null;
    public override string? ContentTypeOf(ReadOnlySpan<byte> item) => _items.TryGetValue(item.ToArray(), out var found) ? found.ContentType : null;
    public override IEnumerable<(byte[] Key, ItemVersion Version)> Versions() => session.Items.Select(item => (item.Key, item.Version));

    public override SessionSnapshot Snapshot()
    {
        foreach (var item in session.Items) item.Value.Large?.AddReference();
        return session;
    }

    public override byte[]? BytesOf(ReadOnlySpan<byte> item)
        => _items.TryGetValue(item.ToArray(), out var found) && found.Value.Large is null ? found.Value.ToArray() : null;
}

/// <summary>A session on disk only. Valid while its gate is held.</summary>
internal sealed class ColdSession(DiskStore disk, ReadOnlyMemory<byte> key, SessionHeader header, int items) : PresentSession
{
    public override SessionHeader? Header => header;
    public override int ItemCount => items;

    public override ItemVersion? VersionOf(ReadOnlySpan<byte> item)
    {
        if (disk.TryReadItem(key.Span, item, out var found) != DiskReadStatus.Found) return null;
        found.Item.Value.Release();
        return found.Item.Version;
    }

    public override string? ContentTypeOf(ReadOnlySpan<byte> item)
    {
        if (disk.TryReadItem(key.Span, item, out var found) != DiskReadStatus.Found) return null;
        found.Item.Value.Release();
        return found.Item.ContentType;
    }

    public override IEnumerable<(byte[] Key, ItemVersion Version)> Versions()
    {
        if (Snapshot() is not { } session) return [];
        session.Release();
        return [.. session.Items.Select(item => (item.Key, item.Version))];
    }

    public override SessionSnapshot? Snapshot()
        => disk.TryReadSession(key.Span, out var session) == DiskReadStatus.Found ? session : null;

    public override byte[]? BytesOf(ReadOnlySpan<byte> item)
    {
        if (disk.TryReadItem(key.Span, item, out var found) != DiskReadStatus.Found) return null;
        using var _ = new Releaser(found.Item.Value);
        return found.Item.Value.Large is null ? found.Item.Value.ToArray() : null;
    }

    private readonly struct Releaser(ItemValue value) : IDisposable
    {
        public void Dispose() => value.Release();
    }
}
