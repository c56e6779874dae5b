using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private const byte StringKind = 1;

    /// <summary>For one append at a time, of one thread: an append keeps nothing of it.</summary>
    [ThreadStatic]
    private static DiskBatch? t_batch;

    /// <summary>A plain string on its way in, and where it goes.</summary>
    private readonly record struct StringPut(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Item, ReadOnlyMemory<byte> Value)
    {
        public byte Kind { get; init; } = StringKind;
        public string ContentType { get; init; } = ContentTypes.Bytes;

        /// <summary>When it ends; 0 where its rule says.</summary>
        public long DeadlineMs { get; init; }
        public required ActiveRule Rule { get; init; }
        public required MemoryShard Shard { get; init; }
        public required ulong Hash { get; init; }
        public required long NowMs { get; init; }
    }

    /// <summary>
    /// The short way of storing a plain string (kind 1, one item, no deadline) where its rule asks for memory, or for memory mirrored
    /// on disk: no plan, and in place where the old value was bytes and as long. Without <paramref name="mayCreate"/> only over one that is
    /// here. The outcome's ack level is met only after <see cref="AckAsync"/>. False: nothing happened, make an edit of it.
    /// </summary>
    public bool TryPutString(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, ReadOnlyMemory<byte> value, bool mayCreate, out EditOutcome outcome)
    {
        outcome = default;
        if (ShortWayOf(session.Span, value.Length) is not { } rule) return false;
        var hash = _memory.HashOf(session.Span);
        var put = new StringPut(session, item, value) { Rule = rule, Shard = _memory.ShardOf(hash), Hash = hash, NowMs = _clock.NowMs };
        long ticket;
        lock (put.Shard.Gate)
        {
            if (put.Shard.Gates.Count > 0 && put.Shard.Gates.ContainsKey(hash)) return false;
            if (!TryPutString_NeedsLock(put, mayCreate, out ticket)) return false;
        }

        outcome = StoredShortly(rule, ticket);
        return true;
    }

    /// <summary>
    /// The short way of storing a session that nobody has, of one small item, until it ends: where its rule asks for memory, or for memory
    /// mirrored on disk. No plan, and nothing of the value is kept. The outcome's ack level is met only after <see cref="AckAsync"/>.
    /// False: nothing happened, replace the session.
    /// </summary>
    public bool TryAdd(ReadOnlyMemory<byte> session, in ItemWrite item, TimeSpan ttl, out EditOutcome outcome)
    {
        outcome = default;
        if (item.Value.Large is not null || ShortWayOf(session.Span, (int)item.Value.Length) is not { } rule) return false;
        var hash = _memory.HashOf(session.Span);
        var nowMs = _clock.NowMs;
        var put = new StringPut(session, item.Item, item.Value.Bytes)
        {
            Kind = 0, ContentType = item.ContentType, DeadlineMs = nowMs + (long)ttl.TotalMilliseconds,
            Rule = rule, Shard = _memory.ShardOf(hash), Hash = hash, NowMs = nowMs,
        };
        long ticket;
        lock (put.Shard.Gate)
        {
            if (put.Shard.Gates.Count > 0 && put.Shard.Gates.ContainsKey(hash)) return false;
            if (IsThere_NeedsLock(put) || !AddString_NeedsLock(put, out ticket)) return false;
        }

        outcome = StoredShortly(rule, ticket);
        return true;
    }

    private static unsafe bool IsThere_NeedsLock(in StringPut put) => put.Shard.FindSession_NeedsLock(put.Key.Span, put.Hash) != null;

    /// <summary>The rule by which a session of one small item may be stored without a plan; null where something must be thought over.</summary>
    private ActiveRule? ShortWayOf(ReadOnlySpan<byte> key, int valueLength)
    {
        var rules = _rules;
        if (valueLength >= ItemValue.LargeFrom || rules.HasItemRules || rules.Policy.Matcher.NeedsFields(key)) return null;
        var rule = rules[rules.Policy.Matcher.MatchSession(key, null)];
        return rule.UsesMemory && (!rule.UsesDisk || (rules.IsMirror && _disk is not null)) && !IsShared(key) ? rule : null;
    }

    private EditOutcome StoredShortly(ActiveRule rule, long ticket)
    {
        _counters.Wrote();
        CheckPressure();
        return new EditOutcome(WriteStatus.Replaced) { Rule = rule.Rule, Ticket = rule.Rule.Ack == AckLevel.Memory ? 0 : ticket };
    }

    private unsafe bool TryPutString_NeedsLock(in StringPut put, bool mayCreate, out long ticket)
    {
        ticket = 0;
        var session = put.Shard.FindSession_NeedsLock(put.Key.Span, put.Hash);
        if (session == null) return mayCreate && AddString_NeedsLock(put, out ticket);
        if (!IsPlain_NeedsLock(put, session)) return false;
        var present = session->Items;
        var version = _clock.Next(present->Version);
        var inPlace = present->ValueLength == put.Value.Length && present->ContentType == ContentTypes.BytesNumber;
        var cost = inPlace ? 0 : ItemRecord.CostOf(put.Item.Length, 0, put.Value.Length);
        if (cost > 0 && !_memory.Budget.TryTake(cost)) return false;
        if (put.Rule.UsesDisk && !TryJournal(put, HeaderOf_NeedsLock(put, session), version, isHere: true, out ticket))
        {
            _memory.Budget.Give(cost);
            return false;
        }

        if (inPlace)
        {
            put.Value.Span.CopyTo(ItemRecord.Value(present));
            (present->Stamp, present->Node) = (version.Stamp, version.Node);
        }
        else
        {
            var more = put.Shard.PutItem_NeedsLock(session, put.Item.Span, ContentTypes.Bytes, version, new ItemValue(put.Value));
            _memory.Budget.Give(cost - more);
        }

        session->Flags &= ~SessionFlags.ExplicitDeadline;
        session->DeadlineMs = 0;
        Stored_NeedsLock(put, session, ticket);
        return true;
    }

    /// <summary>Nothing of it must be thought over: this item alone, and where the disk mirrors it, a good copy there.</summary>
    private static unsafe bool IsPlain_NeedsLock(in StringPut put, SessionRecord* session)
    {
        var onDisk = put.Rule.UsesDisk ? SessionFlags.OnDisk : 0;
        return session->Kind == StringKind && session->ItemCount == 1 && session->RuleId == put.Rule.Id
            && (session->Flags & (SessionFlags.OnDisk | SessionFlags.Unsettled | SessionFlags.HasDiskItems)) == onDisk
            && !MemoryShard.IsDead_NeedsLock(session, put.Rule, put.NowMs) && ItemRecord.Key(session->Items).SequenceEqual(put.Item.Span);
    }

    private unsafe bool AddString_NeedsLock(in StringPut put, out long ticket)
    {
        ticket = 0;
        if (_disk is not null && _disk.Contains(put.Key.Span)) return false;
        var cost = SessionRecord.CostOf(put.Key.Length) + ItemRecord.CostOf(put.Item.Length, 0, put.Value.Length);
        if (!_memory.Budget.TryTake(cost)) return false;
        var version = _clock.Next();
        if (put.Rule.UsesDisk && !TryJournal(put, HeaderOf_NeedsLock(put, null), version, isHere: false, out ticket))
        {
            _memory.Budget.Give(cost);
            return false;
        }

        var session = put.Shard.AddSession_NeedsLock(put.Key.Span, put.Hash, put.NowMs);
        (session->RuleId, session->Kind, session->LastAccessMs) = (put.Rule.Id, put.Kind, put.NowMs);
        if (put.DeadlineMs != 0) (session->DeadlineMs, session->Flags) = (put.DeadlineMs, session->Flags | SessionFlags.ExplicitDeadline);
        put.Shard.PutItem_NeedsLock(session, put.Item.Span, put.ContentType, version, new ItemValue(put.Value));
        if (put.Rule.UsesDisk) session->Flags |= SessionFlags.OnDisk;
        Stored_NeedsLock(put, session, ticket);
        return true;
    }

    private static unsafe void Stored_NeedsLock(in StringPut put, SessionRecord* session, long ticket)
    {
        if (ticket != 0) (session->Ticket, session->ToldMs) = (ticket, put.NowMs);
        session->Changes++;
        put.Shard.Access_NeedsLock(session, put.Rule, put.NowMs);
    }

    private static unsafe SessionHeader HeaderOf_NeedsLock(in StringPut put, SessionRecord* session) => new()
    {
        Rule = put.Rule.Rule.Name,
        CreatedMs = session == null ? put.NowMs : session->CreatedMs,
        LastAccessMs = put.NowMs,
        ExplicitDeadline = put.DeadlineMs != 0,
        DeadlineMs = put.Rule.DeadlineOf(put.DeadlineMs != 0, put.DeadlineMs, put.NowMs),
        Floor = session == null ? ItemVersion.None : session->Floor,
        Kind = put.Kind,
        Subject = session == null ? null : put.Shard.SubjectOf_NeedsLock(session),
        IsPartial = session != null && session->Flags.Has(SessionFlags.Partial),
        Accesses = (session == null ? 0 : session->Accesses) + 1,
    };

    private bool TryJournal(in StringPut put, SessionHeader header, ItemVersion version, bool isHere, out long ticket)
    {
        var batch = t_batch ??= new DiskBatch();
        try
        {
            batch.ExpectsSession = isHere;
            batch.Put(put.Key, header, put.Rule.DiskExpiryOf(header), put.Item, put.ContentType, version, new ItemValue(put.Value));
            return _disk!.TryAppend(batch, out ticket) == AppendStatus.Ok;
        }
        finally
        {
            batch.Clear();
        }
    }
}
