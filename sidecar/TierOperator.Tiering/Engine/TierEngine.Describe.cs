using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>What is known of a session, without counting an access; null when there is none.</summary>
    public SessionMeta? Describe(ReadOnlyMemory<byte> session) => Describe(session.Span, withItems: true);

    private SessionMeta? Describe(ReadOnlySpan<byte> key, bool withItems)
    {
        var meta = DescribeMemory(key);
        if (meta is not null && meta.Header.DeadlineMs <= _clock.NowMs) return null;
        if (_disk is null || !_disk.Contains(key)) return meta;
        if (_disk.TryReadHeader(key, out var header, out _, out var bytes) != DiskReadStatus.Found) return meta;
        var rule = _rules.Stored(header.Rule, key);
        if (rule.IsOver(header, _clock.NowMs)) return meta;
        var expires = rule.DiskExpiryOf(header);
        return meta is not null
            ? meta with { Tiers = meta.Tiers | TierSet.Spillover, SpilloverExpiresMs = expires }
            : new SessionMeta
            {
                Key = key.ToArray(),
                Header = header,
                Rule = rule.Rule,
                Tiers = TierSet.Spillover,
                Items = withItems ? DiskItems(key) : [],
                Bytes = bytes,
                SpilloverExpiresMs = expires,
            };
    }

    private List<ItemMeta> DiskItems(ReadOnlySpan<byte> key)
    {
        if (_disk!.TryReadSession(key, out var session) != DiskReadStatus.Found) return [];
        var items = session.Items.Select(item => new ItemMeta(item.Key, item.ContentType, item.Version, item.Value.Length)).ToList();
        session.Release();
        return items;
    }

    private unsafe SessionMeta? DescribeMemory(ReadOnlySpan<byte> key)
    {
        var hash = _memory.HashOf(key);
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session == null) return null;
            var rule = _rules.Stored(session->RuleId, key);
            var items = new List<ItemMeta>(session->ItemCount);
            for (var item = session->Items; item != null; item = item->Following)
                items.Add(new ItemMeta(
                    ItemRecord.Key(item).ToArray(), shard.ContentTypeOf_NeedsLock(item), item->Version, shard.LengthOf_NeedsLock(item)));
            return new SessionMeta
            {
                Key = key.ToArray(),
                Header = shard.HeaderOf_NeedsLock(session, rule),
                Rule = rule.Rule,
                Tiers = TierSet.Memory,
                Items = items,
                Bytes = session->CostBytes,
                MemoryExpiresMs = session->LastAccessMs + rule.MemoryTtlMs,
            };
        }
    }
}
