using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// What became of an edit. <see cref="Status"/> is Replaced when it was done; its ack level is met only after
/// <see cref="TierEngine.AckAsync"/>.
/// </summary>
public readonly record struct EditOutcome(WriteStatus Status)
{
    /// <summary>What to do where it failed.</summary>
    public string? Detail { get; init; }

    /// <summary>Some session's rule wants more than memory: the answer waits for <see cref="TierEngine.AckAsync"/>.</summary>
    public bool NeedsAck => Ticket > 0;

    public CompiledRule? Rule { get; init; }
    internal long Ticket { get; init; }
}

public sealed partial class TierEngine
{
    /// <summary>
    /// Runs an edit where memory alone can answer: synchronous, without I/O and without waiting. False: nothing happened, and
    /// <see cref="EditAsync"/> is to be asked, because a session is on disk only, is being worked on, or needs room.
    /// </summary>
    public bool TryEdit(EditScope scope, ISessionEdit edit, out EditOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(edit);
        Aim(scope);
        var attempt = AttemptEdit(scope, edit, default);
        outcome = attempt.Kind == AttemptKind.Done ? OutcomeOf(attempt) : default;
        return attempt.Kind == AttemptKind.Done;
    }

    /// <summary>
    /// Runs an edit wherever its sessions are; over shared tiers as <see cref="EditSharedAsync"/> says. Else 1. Close the gates of all, in the order of their hashes. 2. Load what is cold.
    /// 3. Under all shards' locks: read, decide, plan, append one record, change memory.
    /// </summary>
    public async ValueTask<EditOutcome> EditAsync(EditScope scope, ISessionEdit edit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(edit);
        var isShared = AnyShared(scope);
        for (var round = 0; round < MaxDecisions; round++)
        {
            if (isShared && await EditSharedAsync(scope, edit, cancellationToken) is { } answer) return answer;
            if (await EditHereAsync(scope, edit, cancellationToken) is { } outcome) return outcome;
        }

        return new EditOutcome(WriteStatus.Unavailable) { Detail = "Memory keeps giving up sessions that the command needs: retry later, or raise tiers.memory.capacity." };
    }

    /// <summary>Null: what was brought here for it has left again, or came meanwhile.</summary>
    private async ValueTask<EditOutcome?> EditHereAsync(EditScope scope, ISessionEdit edit, CancellationToken cancellationToken)
    {
        Aim(scope);
        var gates = new SortedDictionary<ulong, SessionGate>();
        try
        {
            foreach (var hash in HashesOf(scope)) gates[hash] = await CloseGateAsync(hash, cancellationToken);
            if (HasMoved(scope)) return null;
            for (var i = 0; i < scope.Count; i++)
                if (!await WarmAsync(scope[i], scope.IsReadOnly, cancellationToken)) return UnreadableSession(scope[i], TierSet.Spillover);
            var outcome = await EditHeldAsync(scope, edit, cancellationToken);
            if (_shared is null || outcome.Status != WriteStatus.Replaced) return outcome;
            OpenGates(gates);
            return await FinishSharedAsync(scope, outcome.NeedsAck ? await AckAsync(outcome) : outcome) with { Ticket = 0 };
        }
        finally
        {
            OpenGates(gates);
        }
    }

    private void OpenGates(SortedDictionary<ulong, SessionGate> gates)
    {
        foreach (var (hash, gate) in gates) OpenGate(hash, gate);
        gates.Clear();
    }

    /// <summary>
    /// Runs work of one thread for many callers: what it writes goes to the disk together when it is done, with one sync. The work
    /// must not wait for a write of its own.
    /// </summary>
    public void Together<T>(T state, Action<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (_disk is null)
        {
            work(state);
            return;
        }

        DiskStore.BeginGathering();
        try
        {
            work(state);
        }
        finally
        {
            _disk.EndGathering();
        }
    }

    /// <summary>Waits until an edit that was done is held as its rule asks. Nothing is undone whatever the answer.</summary>
    public async ValueTask<EditOutcome> AckAsync(EditOutcome outcome)
    {
        if (!outcome.NeedsAck || await _disk!.WaitDurableAsync(outcome.Ticket)) return outcome;
        return outcome with
        {
            Status = WriteStatus.Unavailable,
            Detail = "The disk failed while it took the write: it may or may not be there. Read it again, then retry.",
        };
    }

    private async ValueTask<EditOutcome> EditHeldAsync(EditScope scope, ISessionEdit edit, CancellationToken cancellationToken)
    {
        var terms = new AttemptTerms { OwnsGate = true };
        while (true)
        {
            var attempt = AttemptEdit(scope, edit, terms);
            if (attempt.Kind == AttemptKind.NoMemory) terms = terms with { WithoutMemory = !await MakeRoomAsync(attempt.Bytes, cancellationToken) };
            else if (attempt.Kind == AttemptKind.JournalBusy) await _disk!.WaitRoomAsync(cancellationToken);
            else if (attempt.Kind != AttemptKind.Forgotten) return OutcomeOf(attempt);
        }
    }

    private void Aim(EditScope scope)
    {
        scope.Shards.Clear();
        for (var i = 0; i < scope.Count; i++)
        {
            var session = scope[i];
            var hash = _memory.HashOf(session.Key.Span);
            session.Aim(hash, _memory.ShardOf(hash));
            if (!scope.Shards.Contains(session.Shard)) scope.Shards.Add(session.Shard);
        }

        if (scope.Shards.Count > 1) scope.Shards.Sort(static (left, right) => left.Index.CompareTo(right.Index));
    }

    private static IEnumerable<ulong> HashesOf(EditScope scope) => Enumerable.Range(0, scope.Count).Select(i => scope[i].Hash).Distinct().Order();

    /// <summary>Loads a cold session, or reads it where it has not earned its place in memory. False: the disk cannot say.</summary>
    private async ValueTask<bool> WarmAsync(EditedSession session, bool isReadOnly, CancellationToken cancellationToken)
    {
        if (_disk is null) return true;
        if (IsResident(session.Key.Span, session.Hash))
        {
            session.Below = SnapshotWithDiskItems(session.Key.Span, session.Hash);
            return true;
        }

        if (!_disk.Contains(session.Key.Span)) return true;
        var found = _disk.TryReadHeader(session.Key.Span, out var header, out _, out _);
        if (found == DiskReadStatus.Unavailable) return false;
        var rule = found == DiskReadStatus.Found ? _rules.Stored(header.Rule, session.Key.Span) : null;
        if (rule is null || rule.IsOver(header, _clock.NowMs))
        {
            session.DiskIsStale = true;
            return true;
        }

        var stays = isReadOnly && !(rule.UsesMemory && IsDueForPromotion(session.Hash, header, rule));
        if (isReadOnly) _counters.DiskHit();
        if (!stays && await LoadHeldAsync(session.Key, session.Hash, cancellationToken)) return true;
        if (_disk.TryReadSession(session.Key.Span, out var below) != DiskReadStatus.Found) return false;
        (session.Below, session.IsCold) = (below, true);
        return true;
    }

    /// <summary>A resident session, where some of its items live on disk only; null where memory has all of it.</summary>
    private unsafe SessionSnapshot? SnapshotWithDiskItems(ReadOnlySpan<byte> key, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session == null || !session->Flags.Has(SessionFlags.HasDiskItems)) return null;
            return WithDiskItems(shard.Snapshot_NeedsLock(session, _rules.Stored(session->RuleId, key)));
        }
    }

    private EditOutcome OutcomeOf(in Attempt attempt)
    {
        CheckPressure();
        if (attempt.Plan is { IsRefused: true } or { Rule: null } || attempt.Outcome.Status is not (WriteStatus.Created or WriteStatus.Replaced))
            return new EditOutcome(attempt.Outcome.Status) { Detail = attempt.Outcome.Detail, Rule = attempt.Outcome.Rule };
        return new EditOutcome(WriteStatus.Replaced) { Ticket = attempt.Ticket, Rule = attempt.Outcome.Rule };
    }

    private EditOutcome UnreadableSession(EditedSession session, TierSet missing) => new(WriteStatus.Unavailable)
    {
        Rule = _rules.Policy.Matcher.MatchSession(session.Key.Span, null),
        Detail = missing is TierSet.Spillover or TierSet.None
            ? "The disk tier cannot say what it holds of this key: retry later."
            : $"{SharedTiers.NamesOf(missing)} cannot say what it holds of this key: nothing was written. Retry later.",
    };
}
