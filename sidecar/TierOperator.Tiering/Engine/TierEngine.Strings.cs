using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private const byte StringKind = 1;

    /// <summary>
    /// The short way of storing a plain string (kind 1, one item, no deadline) where memory is all that its rule asks for: no
    /// plan, no journal, and in place where the old value was as long. Without <paramref name="mayCreate"/> only over one that is here. False: nothing happened, make an edit of it.
    /// </summary>
    public bool TryPutString(ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, ReadOnlyMemory<byte> value, bool mayCreate = true)
    {
        var rules = _rules;
        if (value.Length >= ItemValue.LargeFrom || rules.HasItemRules || rules.Policy.Matcher.NeedsFields(session)) return false;
        var rule = rules[rules.Policy.Matcher.MatchSession(session, null)];
        if (!rule.UsesMemory || rule.UsesDisk || IsShared(session)) return false;
        var hash = _memory.HashOf(session);
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            if (shard.Gates.Count > 0 && shard.Gates.ContainsKey(hash)) return false;
            if (!mayCreate && !IsThere_NeedsLock(shard, session, hash)) return false;
            if (!TryPutString_NeedsLock(shard, hash, session, item, value, rule)) return false;
        }

        _counters.Wrote();
        CheckPressure();
        return true;
    }

    private static unsafe bool IsThere_NeedsLock(MemoryShard shard, ReadOnlySpan<byte> session, ulong hash) => shard.FindSession_NeedsLock(session, hash) != null;

    private unsafe bool TryPutString_NeedsLock(
        MemoryShard shard, ulong hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> item, ReadOnlyMemory<byte> value, ActiveRule rule)
    {
        var nowMs = _clock.NowMs;
        var session = shard.FindSession_NeedsLock(key, hash);
        if (session == null) return AddString_NeedsLock(shard, hash, key, item, value, rule, nowMs);
        var isPlain = session->Kind == StringKind && session->ItemCount == 1 && session->RuleId == rule.Id
            && (session->Flags & (SessionFlags.OnDisk | SessionFlags.Unsettled | SessionFlags.HasDiskItems)) == 0;
        if (!isPlain || MemoryShard.IsDead_NeedsLock(session, rule, nowMs) || !ItemRecord.Key(session->Items).SequenceEqual(item)) return false;
        var present = session->Items;
        var version = _clock.Next(present->Version);
        if (present->ValueLength == value.Length)
        {
            value.Span.CopyTo(ItemRecord.Value(present));
            (present->Stamp, present->Node) = (version.Stamp, version.Node);
        }
        else
        {
            var cost = ItemRecord.CostOf(item.Length, 0, value.Length);
            if (!_memory.Budget.TryTake(cost)) return false;
            var more = shard.PutItem_NeedsLock(session, item, BytesType, version, new ItemValue(value));
            _memory.Budget.Give(cost - more);
        }

        session->Flags &= ~SessionFlags.ExplicitDeadline;
        session->DeadlineMs = 0;
        session->Changes++;
        shard.Access_NeedsLock(session, rule, nowMs);
        return true;
    }

    private unsafe bool AddString_NeedsLock(
        MemoryShard shard, ulong hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> item, ReadOnlyMemory<byte> value, ActiveRule rule, long nowMs)
    {
        if (_disk is not null && _disk.Contains(key)) return false;
        var cost = SessionRecord.CostOf(key.Length) + ItemRecord.CostOf(item.Length, 0, value.Length);
        if (!_memory.Budget.TryTake(cost)) return false;
        var session = shard.AddSession_NeedsLock(key, hash, nowMs);
        (session->RuleId, session->Kind, session->LastAccessMs) = (rule.Id, StringKind, nowMs);
        shard.PutItem_NeedsLock(session, item, BytesType, _clock.Next(), new ItemValue(value));
        session->Changes++;
        shard.Access_NeedsLock(session, rule, nowMs);
        return true;
    }

    private const string BytesType = "application/octet-stream";
}
