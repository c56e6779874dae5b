using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

/// <summary>What the journal gets of a change, and what becomes of it where the disk cannot take it.</summary>
public sealed partial class TierEngine
{
    /// <summary>
    /// Adds what the journal gets. Mirror: every change, and the whole session when the disk has no good
    /// copy yet. Overflow: only that an older copy on disk is void now.
    /// </summary>
    private unsafe void JournalOf_NeedsLock(
        DiskBatch batch, MemoryShard shard, SessionRecord* session, SessionPlan plan, RuleTable rules, bool keep, bool diskIsStale)
    {
        if (_disk is null) return;
        var key = plan.Mutation.Key;
        var onDisk = diskIsStale || (session != null && session->Flags.Has(SessionFlags.OnDisk));
        var write = plan.Rule!.UsesDisk && !plan.Mutation.Delete && (rules.IsMirror || !keep);
        if (plan.IsNoChange) return;
        var mustTell = plan.Mutation.Delete && rules.SharedTiersOf(key.Span) != TierSet.None;
        if (!write && !onDisk && !mustTell) return;

        var whole = session != null && write && (!onDisk || session->Flags.Has(SessionFlags.Unsettled));
        if (!write || whole || diskIsStale || plan.Mutation.Replace || plan.Mutation.Delete) batch.DeleteSession(key, GoneUpTo(plan));
        else batch.ExpectsSession |= onDisk;
        if (!write) return;
        var expires = plan.Rule.DiskExpiryOf(plan.Header!);
        if (whole && !plan.Mutation.Replace) AddPresent_NeedsLock(batch, shard, session, plan, rules, expires);
        if (!plan.Mutation.Replace && (!whole || rules.IsShared))
            foreach (var item in plan.Deletes) batch.DeleteItem(key, plan.Header!, expires, item, plan.Version);
        foreach (var put in plan.Puts)
            if (put.ToDisk) batch.Put(key, plan.Header!, expires, put.Write.Item, put.Write.ContentType, put.Version, put.Write.Value, plan.SeenOf(put.Write.Item));
        if (!plan.Puts.Any(put => put.ToDisk)) batch.PutHeader(key, plan.Header!, expires);
    }

    /// <summary>
    /// Up to where the record that takes the disk's copy away deletes, for it is read for the tiers too. Only a delete is at its own version: what a replace
    /// put bears the replace's, which is its floor then, and a session that is only written anew, or is in memory alone from here on, has lost nothing but what its floor says.
    /// </summary>
    private static ItemVersion GoneUpTo(SessionPlan plan) => plan.Mutation.Delete ? plan.Version : plan.Header!.Floor.Before;

    private static unsafe void AddPresent_NeedsLock(
        DiskBatch batch, MemoryShard shard, SessionRecord* session, SessionPlan plan, RuleTable rules, long expires)
    {
        for (var item = session->Items; item != null; item = item->Following)
        {
            var key = ItemRecord.Key(item).ToArray();
            if (plan.Deletes.Any(gone => gone.Span.SequenceEqual(key))) continue;
            if (plan.Puts.Any(put => put.Write.Item.Span.SequenceEqual(key))) continue;
            if (!rules.ForItem(plan.Rule!, plan.Mutation.Key.Span, key, null).UsesDisk) continue;
            var value = shard.CopyValue_NeedsLock(item);
            batch.Put(plan.Mutation.Key, plan.Header!, expires, key, shard.ContentTypeOf_NeedsLock(item), item->Version, value);
            value.Release();
        }
    }

    /// <summary>Where the journal has a batch: its ticket, and a place from which on it is read again; neither where nothing went there.</summary>
    private readonly record struct Journalled(long Ticket, JournalPosition? Since);

    private AppendStatus TryAppend(DiskBatch batch, out Journalled journalled)
    {
        journalled = default;
        if (batch.Count == 0) return AppendStatus.Ok;
        var since = _disk!.JournalEnd;
        var appended = _disk.TryAppend(batch, out var ticket);
        if (ticket != 0) journalled = new Journalled(ticket, since);
        return appended;
    }

    /// <summary>A disk that cannot take the write: memory may go on without it where the ack level allows, and remembers.</summary>
    private bool MayGoOn(AppendStatus appended, SessionPlan plan, bool keep, out Attempt refusal)
    {
        refusal = appended switch
        {
            AppendStatus.Busy => new Attempt(AttemptKind.JournalBusy),
            AppendStatus.Gone => new Attempt(AttemptKind.Forgotten),
            AppendStatus.TooLarge => Refuse(plan, WriteStatus.NoRoom, "It is larger than the disk tier can take: raise tiers.spillover.capacity, or store it in parts."),
            AppendStatus.Full => Refuse(plan, WriteStatus.Backlog, "The disk tier is full: retry later, or raise tiers.spillover.capacity."),
            _ => Refuse(plan, WriteStatus.Unavailable, "The disk tier fails and the write could be journalled nowhere: retry later."),
        };
        if (appended is AppendStatus.Busy or AppendStatus.Gone or AppendStatus.TooLarge) return false;
        var inMemory = keep || plan.Mutation.Delete;
        var isHeldElsewhere = plan.Rule!.Rule.Ack == AckLevel.Memory || CanAwait(plan.Rule);
        return inMemory && isHeldElsewhere && _disk!.MarkUnsettled(plan.Mutation.Key.Span);
    }

    private unsafe void SetDiskState_NeedsLock(SessionRecord* session, SessionPlan plan, long ticket, AppendStatus appended)
    {
        session->ToldMs = plan.Header!.LastAccessMs;
        if (appended != AppendStatus.Ok)
        {
            session->Flags |= SessionFlags.Unsettled;
            return;
        }

        session->Ticket = ticket;
        session->Flags = _rules.IsMirror && plan.Rule!.UsesDisk
            ? (session->Flags | SessionFlags.OnDisk) & ~SessionFlags.Unsettled
            : session->Flags & ~(SessionFlags.OnDisk | SessionFlags.Unsettled);
        if (plan.Puts.Any(put => put is { ToDisk: true, ToMemory: false })) session->Flags |= SessionFlags.HasDiskItems;
    }
}
