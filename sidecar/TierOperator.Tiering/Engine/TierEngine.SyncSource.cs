using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>Where the sync loops take from what they send.</summary>
public sealed partial class TierEngine : ISyncSource
{
    RemoteChange? ISyncSource.Build(OwedSession owed, TierLink link)
    {
        var nowMs = _clock.NowMs;
        if (owed.IsDelete)
        {
            if (owed.Floor == ItemVersion.None) return null;
            var tiers = _rules.SharedTiersOf(owed.Key);
            return TombstoneOf(owed.Key, owed.Floor) with { Newest = owed.Newest, IsToldByRedis = IsToldByRedis(tiers), IsUnheardByRedis = IsReminded(owed.Key) && IsUnheardByRedis(tiers, link.Flag) };
        }

        var held = HeldOf(owed);
        var change = held.Header is { } header ? BuildOf(owed, header, held, link.Flag, nowMs) : null;
        if (change is null) held.Release();
        return change;
    }

    /// <summary>That a session was deleted, for as long as the policy remembers.</summary>
    private RemoteChange TombstoneOf(ReadOnlyMemory<byte> key, ItemVersion deletedAt)
        => new(key) { Floor = deletedAt, Newest = deletedAt, ExpiresMs = _clock.NowMs + (long)_rules.Policy.Tombstones.TotalMilliseconds };

    /// <summary>All of a session that is here, whatever the tier was told before.</summary>
    private OwedNote WholeNoteOf(byte[] key, SessionHeader header) => new(key, header.Floor, _clock.NowMs) { Header = header, IsWhole = true };

    private RemoteChange? BuildOf(OwedSession owed, SessionHeader header, HeldItems held, TierSet tier, long nowMs)
    {
        var rule = _rules.Stored(header.Rule, owed.Key);
        if (!rule.SharedTiers.HasFlag(tier) || rule.IsOver(header, nowMs)) return null;
        var strategy = tier == TierSet.Redis ? StrategyOf(owed, rule) : null;
        return strategy?.Name == NoStrategy ? null : ChangeOf(owed, header, rule, tier, strategy, held);
    }

    void ISyncSource.OnSettled(OwedSession owed, TierLink link, RemoteResult result)
    {
        _clock.Observe(result.Newest);
        var hash = _memory.HashOf(owed.Key);
        if (result.Status == RemoteStatus.Older) NoteConflict(owed, link, result.Newest);
        if (result.Status == RemoteStatus.Older) OnAnnounced(new RemoteAnnouncement(owed.Key, result.Newest, 0));
        else if (owed.IsReread) Suspect(owed.Key); // some of it may have been older there, and the answer speaks for the whole
        if (owed.IsDelete) _new.Remove(hash);
        if (owed.Header is not { } header) return;
        var rule = _rules.Stored(header.Rule, owed.Key);
        if (result is { Status: RemoteStatus.Applied, Existed: false } && _new.Add(hash, link.Flag, rule.SharedTiers)) BelieveWhole(owed.Key, hash);
        if (!rule.Rule.Tiers.HasFlag(TierSet.Spillover) && MayLeaveDisk(owed.Key)) _disk?.Release(owed.Key);
    }

    void ISyncSource.OnRefused(OwedSession owed, TierLink link, RemoteChange? change, string reason)
    {
        var deleted = owed.IsDelete ? owed.Floor : ItemVersion.None;
        _deadLetters.Add(new DeadLetter(link.Flag, owed.Key, [.. owed.Items.Keys], reason, _clock.NowMs) { DeletedStamp = deleted.Stamp, DeletedNode = deleted.Node });
        _audit.Add(new DeadLetterNote(owed.Key, reason) { NotedMs = _clock.NowMs, Node = _clock.Node });
    }

    /// <summary>
    /// Another sidecar's write was newer: ours had no effect. Our own, sent again, also by a later run, is no conflict, and what we only had a copy of is
    /// its writer's to note; one tier's word is enough.
    /// </summary>
    private void NoteConflict(OwedSession owed, TierLink link, ItemVersion winner)
    {
        if (_ancestry.IsOwn(winner) || winner == ItemVersion.None || !IsDecidedBy(link, _rules.SharedTiersOf(owed.Key))) return;
        foreach (var (item, lost) in owed.Items.Where(item => item.Value.Version < winner && _ancestry.IsOwn(item.Value.Version)))
            _audit.Add(new ConflictNote(owed.Key, item, nameof(ConflictStrategy.LatestWins), winner, lost.Version) { NotedMs = _clock.NowMs, Node = _clock.Node });
    }

    JournalStretch? ISyncSource.ReadJournal(JournalPosition from) => _disk?.ReadJournal(from);

    ValueTask ISyncSource.FlushJournalAsync(CancellationToken cancellationToken) => DiskShowsAllAsync(cancellationToken);

    /// <remarks>
    /// A session that was replaced, and one that is in memory alone since, left a record like one that was deleted, at a version in between two: it ends
    /// nothing. Journals of earlier versions have the replace's own there: so a delete counts for what was there before, while the session is here.
    /// </remarks>
    IEnumerable<OwedNote> ISyncSource.NotesOf(JournalStretch stretch, TierLink link)
    {
        var outbox = _shared!.Of(link.Flag)!.Outbox;
        var isResent = outbox.IsResending;
        foreach (var entry in stretch.Entries)
        {
            if (entry.Header is { } header && !_rules.Stored(header.Rule, entry.Session).SharedTiers.HasFlag(link.Flag)) continue;
            if (entry.Kind == JournalKind.RemoveSession && entry.Version == ItemVersion.None) continue; // written anew here, deleted nowhere
            if (entry.Header is null && !_rules.SharedTiersOf(entry.Session).HasFlag(link.Flag)) continue;
            var isOld = isResent && entry.Version < outbox.ResentBelow;
            if (isOld && ComesFromPostgres(entry.Session, entry.Header, link))
            {
                outbox.Refills.Add(entry.Session, stretch.From);
                var isGone = entry.Kind == JournalKind.RemoveItem || (entry.Kind == JournalKind.RemoveSession && Describe(entry.Session, withItems: false) is null);
                if (!isGone) continue; // what is gone a Redis that failed over may have still
            }

            var sinceMs = isOld || entry.Version == ItemVersion.None ? _clock.NowMs : Math.Min(entry.Version.Milliseconds, _clock.NowMs);
            var isDelete = entry.Kind == JournalKind.RemoveSession && !entry.Version.IsBetween;
            yield return new OwedNote(entry.Session, isDelete && IsHere(entry.Session, _memory.HashOf(entry.Session)) ? entry.Version.Before : entry.Version, sinceMs)
            {
                Header = entry.Header,
                IsDelete = isDelete,
                Replaces = entry.Kind == JournalKind.RemoveSession && !isDelete,
                Puts = entry.Kind == JournalKind.Put ? [new OwedPut(entry.Item, entry.Bytes, null)] : [],
                Removed = entry.Kind == JournalKind.RemoveItem ? [entry.Item] : [],
                Since = stretch.From,
                Seen = entry.Seen is { } seen ? new Dictionary<byte[], ItemVersion>(KeyComparer.Instance) { [entry.Item] = seen } : null,
                IsReread = true,
                IsResent = isOld,
            };
        }
    }

    private const string NoStrategy = "None";

    private CompiledStrategy? StrategyOf(OwedSession owed, ActiveRule rule)
        => (owed.Strategy ?? rule.Rule.Strategy) is { } name ? _rules.Policy.Strategies.GetValueOrDefault(name) : null;

    private bool IsToldByRedis(TierSet tiers) => _shared!.HearingOf(tiers) == TierSet.Redis;

    private RemoteChange ChangeOf(OwedSession owed, SessionHeader header, ActiveRule rule, TierSet tier, CompiledStrategy? strategy, HeldItems held)
    {
        var isProjection = strategy is { Items: var globs } && !globs.Any(glob => glob.IsAny);
        var (puts, unheld) = (new List<ItemSnapshot>(), new List<UnheldItem>());
        foreach (var item in held.Items)
        {
            if (!isProjection || strategy!.Items.Any(glob => glob.IsMatch(item.Key)))
            {
                puts.Add(item);
                continue;
            }

            unheld.Add(new UnheldItem(item.Key, item.Version));
            item.Value.Release();
        }

        var removals = owed.Items.Where(item => item.Value.IsRemoved && !held.Has(item.Key)).Select(item => new RemovedItem(item.Key, item.Value.Version)).ToList();
        var floor = header.Floor > owed.Floor ? header.Floor : owed.Floor;
        var ttl = tier == TierSet.Postgres ? rule.PostgresTtlMs : strategy is { Ttl: var own } && own > TimeSpan.Zero ? (long)own.TotalMilliseconds : rule.RedisTtlMs;
        return new RemoteChange(owed.Key)
        {
            Header = header with { Floor = floor },
            Floor = floor,
            IsPartial = header.IsPartial,
            IsWhole = held.IsWhole,
            IsReplicated = tier == TierSet.Redis && rule.AwaitedTiers.HasFlag(TierSet.Redis),
            IsAnnounced = !owed.IsTouch,
            IsToldByRedis = IsToldByRedis(rule.SharedTiers),
            IsUnheardByRedis = !owed.IsTouch && IsReminded(rule.Rule) && IsUnheardByRedis(rule.SharedTiers, tier),
            ExpiresMs = Math.Min(header.DeadlineMs, header.LastAccessMs + ttl),
            Puts = puts,
            Unheld = unheld,
            Removals = removals,
            Projection = isProjection ? [.. strategy!.Items.Select(glob => glob.Text)] : null,
            DataCategory = rule.Rule.DataCategory,
            Parent = tier == TierSet.Postgres && ParentNames.Of(rule.Rule, owed.Key) is { } parent ? parent : null,
            Newest = puts.Aggregate(owed.Newest, static (newest, put) => put.Version > newest ? put.Version : newest),
        };
    }

    /// <summary>No tier had such a session before: what is here is all of it, and the nearer tier may know.</summary>
    private unsafe void BelieveWhole(byte[] key, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session == null || !session->Flags.Has(SessionFlags.Partial)) return;
            session->Flags &= ~SessionFlags.Partial;
            var rule = _rules.Stored(session->RuleId, key);
            if (rule.SharedTiers.HasFlag(TierSet.Redis)) _shared!.Of(TierSet.Redis)?.Outbox.Note(WholeNoteOf(key, shard.HeaderOf_NeedsLock(session, rule)), wait: false);
        }
    }
}
