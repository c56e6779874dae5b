using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Memory;

internal sealed unsafe partial class MemoryShard
{
    /// <summary>The header as it stands in memory.</summary>
    public SessionHeader HeaderOf_NeedsLock(SessionRecord* session, ActiveRule rule)
    {
        var isExplicit = session->Flags.Has(SessionFlags.ExplicitDeadline);
        return new SessionHeader
        {
            Rule = rule.Rule.Name,
            CreatedMs = session->CreatedMs,
            LastAccessMs = session->LastAccessMs,
            ExplicitDeadline = isExplicit,
            DeadlineMs = rule.DeadlineOf(isExplicit, session->DeadlineMs, session->LastAccessMs),
            Floor = session->Floor,
            Kind = session->Kind,
            Subject = SubjectOf_NeedsLock(session),
            IsPartial = session->Flags.Has(SessionFlags.Partial),
            Accesses = session->Accesses,
        };
    }

    /// <summary>A whole copy: small values copied, large ones shared. The caller releases it.</summary>
    public SessionSnapshot Snapshot_NeedsLock(SessionRecord* session, ActiveRule rule)
    {
        var items = new List<ItemSnapshot>(session->ItemCount);
        for (var item = session->Items; item != null; item = item->Following)
            items.Add(new ItemSnapshot(
                ItemRecord.Key(item).ToArray(), ContentTypeOf_NeedsLock(item), item->Version, CopyValue_NeedsLock(item)));
        return new SessionSnapshot(SessionRecord.Key(session).ToArray(), HeaderOf_NeedsLock(session, rule), items);
    }

    /// <summary>Takes over the fields of a header into the record.</summary>
    public void SetHeader_NeedsLock(SessionRecord* session, SessionHeader header, int ruleId)
    {
        session->RuleId = ruleId;
        session->CreatedMs = header.CreatedMs;
        session->LastAccessMs = header.LastAccessMs;
        session->FloorStamp = header.Floor.Stamp;
        session->FloorNode = header.Floor.Node;
        session->Kind = header.Kind;
        session->Accesses = header.Accesses;
        session->DeadlineMs = header.ExplicitDeadline ? header.DeadlineMs : 0;
        session->Flags = header.ExplicitDeadline
            ? session->Flags | SessionFlags.ExplicitDeadline
            : session->Flags & ~SessionFlags.ExplicitDeadline;
        session->Flags = header.IsPartial ? session->Flags | SessionFlags.Partial : session->Flags & ~SessionFlags.Partial;
        SetSubject_NeedsLock(session, header.Subject);
    }
}
