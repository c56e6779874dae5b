using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <remarks>The shared tiers from the engine's opening to its close: their loops, what they have acknowledged, what was lost there.</remarks>
public sealed partial class TierEngine
{
    /// <summary>Entries of outboxes take at most this share of the memory capacity; what is more is read from the journal again.</summary>
    private const int OutboxShare = 16;
    private const long DefaultOutboxBytes = 16 << 20;

    private readonly DeadLetters _deadLetters;
    private readonly Shadow? _shadow;
    private readonly AuditQueue _audit = new();
    private readonly NewSessions _new = new();
    private LastRuns _lastRuns = LastRuns.None;
    private Ancestry _ancestry;

    /// <summary>Conflicts of writes that were decided.</summary>
    internal long ConflictsDecided => _audit.Decided;

    /// <summary>Notes for people go to PostgreSQL, about once a second.</summary>
    private async ValueTask FlushAuditAsync(CancellationToken cancellationToken)
    {
        if (_shared?.Of(TierSet.Postgres) is { Link: { CanWrite: true, Tier: IAuditedTier { Audit: { } store } } }) await _audit.FlushAsync(store, cancellationToken);
    }

    private SharedTiers? OpenShared(EngineOptions options, CompiledPolicy policy)
    {
        if (options.RemoteTiers.Count == 0) return null;
        var sync = SyncOptionsOf(policy);
        var entryBytes = policy.Memory is { } memory ? memory.CapacityBytes / OutboxShare : DefaultOutboxBytes;
        var loops = new List<SyncLoop>();
        foreach (var binding in options.RemoteTiers.OrderBy(binding => binding.Tier.Tier))
        {
            var outbox = new Outbox(sync.MaxBacklogBytes, entryBytes);
            var loop = new SyncLoop(binding, outbox, this, sync, new SyncClock(_time, _log));
            binding.Tier.Forgot += () => OnForgot(loop);
            loops.Add(loop);
        }

        var backplanes = options.RemoteTiers.Where(binding => binding.Backplane is not null).Select(binding => new Backchannel(binding.Tier.Tier, binding.Backplane!)).OrderBy(channel => channel.Tier).ToList();
        foreach (var (_, backplane) in backplanes)
        {
            backplane.Announced += OnAnnounced;
            backplane.Gap += OnGap;
        }

        return new SharedTiers(loops, backplanes);
    }

    /// <summary>From where the last run left off, or from the journal's beginning for a tier that is new.</summary>
    private void StartShared()
    {
        if (_shared is null) return;
        if (_shadow is not null)
        {
            _lastRuns = _shadow.LastRuns;
            _ancestry = new Ancestry(_clock.Node, _lastRuns);
            foreach (var loop in _shared.Loops)
            {
                var mark = _shadow.Of(loop.Link.Flag);
                loop.Outbox.Resume(mark);
                if (mark.Incarnation is { } incarnation) loop.Link.Tier.Remember(incarnation);
            }

            _disk!.KeepFrom = _shared.Loops.Min(loop => _shadow.Of(loop.Link.Flag).Position);
            SaveShadow(); // with this run's node, however soon it ends
        }

        _suspects.AddAll(); // what others did meanwhile nobody heard
        _shared.Start();
    }

    private void ApplyShared(CompiledPolicy before, CompiledPolicy policy)
    {
        if (_shared is null) return;
        foreach (var loop in _shared.Loops)
        {
            loop.Options = SyncOptionsOf(policy);
            var (call, batch) = TimesOf(policy, loop.Link.Flag);
            var (callBefore, batchBefore) = TimesOf(before, loop.Link.Flag);
            if (call != callBefore) loop.Link.Times.Call = call;
            if (batch != batchBefore) loop.Link.Times.Batch = batch;
        }
    }

    private static (TimeSpan Call, TimeSpan Batch) TimesOf(CompiledPolicy policy, TierSet tier)
    {
        var (tiers, sync) = (policy.Effective?.Spec?.Tiers, policy.Effective?.Spec?.Sync);
        var call = tier == TierSet.Redis ? tiers?.Redis?.Timeout?.Value ?? RemoteTimes.DefaultRedis : tiers?.Postgres?.Timeout?.Value ?? RemoteTimes.DefaultPostgres;
        return (call, sync?.Timeout?.Value ?? RemoteTimes.DefaultBatch);
    }

    private async ValueTask CloseSharedAsync(SharedTiers shared)
    {
        SaveShadow();
        await shared.DisposeAsync();
    }

    /// <summary>Sessions that a shared tier has yet to hear of.</summary>
    private int OwedSessions => _shared?.Loops.Sum(loop => loop.Outbox.Backlog) ?? 0;

    /// <summary>Tells the tiers that can hear everything that they are owed, within the caller's time; the journal keeps the rest.</summary>
    private async ValueTask FlushSharedAsync(CancellationToken cancellationToken)
    {
        if (_shared is null) return;
        var hasHeard = true;
        while (hasHeard && _shared.Loops.Any(static loop => loop.Link.CanWrite && loop.Outbox.Backlog > 0)) // what one tier takes may make another be owed something
            hasHeard = (await Task.WhenAll(_shared.Loops.Where(static loop => loop.Link.CanWrite).Select(loop => loop.FlushAsync(cancellationToken).AsTask()))).All(static done => done);
    }

    /// <summary>How far each tier has the journal, written down about once a second; compaction goes by it.</summary>
    private void SaveShadow()
    {
        if (_shared is null || _shadow is null) return;
        lock (_shadow)
        {
            var end = _disk!.JournalEnd;
            _memory.LetWritersPass(); // what stands before that end is noted now: both happen under the session's shard lock
            var marks = _shared.Loops.ToDictionary(static loop => loop.Link.Flag, loop => MarkOf(loop, end));
            try
            {
                _deadLetters.Save(); // what these marks count as settled may be refused
                _shadow.Save(marks, _clock.NowMs);
                _disk.KeepFrom = marks.Values.Min(static mark => mark.Position);
            }
            catch (Exception error) when (DiskErrors.IsDiskError(error))
            {
                // The disk tier says so itself; the older marks are safe.
            }
        }
    }

    /// <summary>The incarnation first: that of a server that forgot is told only when its loop has begun again.</summary>
    private static ShadowMark MarkOf(SyncLoop loop, JournalPosition end)
    {
        var incarnation = loop.Link.Tier.Incarnation;
        return loop.Outbox.MarkOf(end) with { Incarnation = incarnation };
    }

    /// <summary>What the tier was believed to hold is void: it hears of everything that is here again.</summary>
    private void OnForgot(SyncLoop loop)
    {
        EngineLog.TierForgot(_log, SharedTiers.NameOf(loop.Link.Flag));
        var telling = loop.Outbox.BeginAgain(_clock.Next(), hasJournal: _disk is not null);
        SaveShadow(); // compaction stops behind the reader at once, and a crash does not forget that the tier did
        _ = Task.Run(() => OweAllOfMemoryAsync(loop, telling), CancellationToken.None);
    }

    /// <summary>No journal has these: they are noted a shard at a time, so that the notes stay within their share of memory.</summary>
    private async Task OweAllOfMemoryAsync(SyncLoop loop, int telling)
    {
        foreach (var shard in _memory.Shards)
        {
            while (!(loop.Outbox.MayReadOn && loop.Outbox.Refills.HasRoom) && MustGoOn()) await Task.Delay(_options.SweepEvery, _time, CancellationToken.None);
            if (!MustGoOn()) return;
            OweAllOf(shard, loop);
        }

        loop.Outbox.Told(telling);

        bool MustGoOn() => loop.Outbox.MustTell(telling) && !_closing.IsCancellationRequested;
    }

    private unsafe void OweAllOf(MemoryShard shard, SyncLoop loop)
    {
        lock (shard.Gate)
        {
            foreach (var record in shard.Sessions_NeedsLock())
            {
                var session = (SessionRecord*)record;
                var key = SessionRecord.Key(session).ToArray();
                var rule = _rules.Stored(session->RuleId, key);
                var isInJournal = session->Flags.Has(SessionFlags.OnDisk) && !session->Flags.Has(SessionFlags.Unsettled);
                if (!rule.SharedTiers.HasFlag(loop.Link.Flag) || isInJournal) continue;
                if (ComesFromPostgres(key, null, loop.Link)) loop.Outbox.Refills.Add(key, null);
                else loop.Outbox.Note(WholeNoteOf(key, shard.HeaderOf_NeedsLock(session, rule)), wait: false);
            }
        }
    }

    /// <summary>A session that a shared tier has yet to hear of is nowhere else: it stays.</summary>
    private bool MayLeaveDisk(ReadOnlyMemory<byte> key)
    {
        if (_shared is null) return true;
        var session = key.ToArray();
        return !_shared.IsBehind && !_shared.Owes(session) && !_deadLetters.Concerns(session);
    }

    private static SyncOptions SyncOptionsOf(CompiledPolicy policy)
    {
        var document = policy.Effective?.Spec?.Sync ?? new SyncDocument();
        var defaults = new SyncOptions();
        return new SyncOptions
        {
            Interval = document.Interval?.Value ?? defaults.Interval,
            Batch = document.Batch ?? defaults.Batch,
            Parallelism = document.Parallelism ?? defaults.Parallelism,
            MaxBacklogBytes = policy.MaxBacklogBytes > 0 ? policy.MaxBacklogBytes : defaults.MaxBacklogBytes,
            Tombstones = policy.Tombstones,
        };
    }
}
