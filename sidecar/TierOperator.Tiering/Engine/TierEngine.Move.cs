using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>Brings a session into memory now, whatever its access count.</summary>
    public async ValueTask<MoveOutcome> LoadAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var hash = _memory.HashOf(session.Span);
        while (true)
        {
            if (IsResident(session.Span, hash)) return Moved(session, WriteStatus.Replaced);
            if (_disk is null || !_disk.Contains(session.Span))
            {
                if (!await BringHereAsync(session, hash, cancellationToken)) return Moved(session, WriteStatus.NotFound);
                if (_disk is null && !IsResident(session.Span, hash)) return Moved(session, WriteStatus.NoRoom) with { Detail = "Memory has no room for it, or its rule leaves memory out." };
                continue;
            }

            if (TryCloseGate(session.Span, hash) is not { } gate)
            {
                await WaitGateAsync(hash, cancellationToken);
                continue;
            }

            try
            {
                if (await LoadHeldAsync(session, hash, cancellationToken)) return Moved(session, WriteStatus.Replaced);
                var outcome = Moved(session, WriteStatus.NoRoom);
                return outcome.Tiers == TierSet.None
                    ? outcome with { Status = WriteStatus.NotFound }
                    : outcome with { Detail = "Memory has no room for it, or its rule leaves memory out." };
            }
            finally
            {
                OpenGate(hash, gate);
            }
        }
    }

    /// <summary>
    /// Takes a session out of memory now; it stays on disk, or, where its rule has none, in a shared tier that holds all of it. Refused when
    /// there is no such tier.
    /// </summary>
    public async ValueTask<MoveOutcome> EvictAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var hash = _memory.HashOf(session.Span);
        var slot = SlotOf(session.Span, hash, out var generation, out var usesDisk);
        if (slot < 0 || TiersOf(session.Span) == TierSet.None) return Moved(session, WriteStatus.Replaced);
        if ((!usesDisk || _disk is null) && await NotBelowAsync(session, cancellationToken) is { } refusal) return refusal;
        await _evicting.WaitAsync(cancellationToken);
        try
        {
            var round = new EvictionRound(1);
            if (_memory.Queue.TryTake(slot, generation)) EvictSlot(slot, generation, round);
            await FinishRoundAsync(round);
        }
        finally
        {
            _evicting.Release();
        }

        var outcome = new MoveOutcome(WriteStatus.Replaced, TiersOf(session.Span));
        return outcome.Tiers.HasFlag(TierSet.Memory)
            ? outcome with { Status = WriteStatus.Unavailable, Detail = "It changed meanwhile, or the tier below could not take it: try again." }
            : outcome;
    }

    /// <summary>Counts an access: the sliding deadline moves on.</summary>
    public async ValueTask<MoveOutcome> TouchAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var hash = _memory.HashOf(session.Span);
        if (TouchResident(session.Span, hash)) return Moved(session, WriteStatus.Replaced);
        var outcome = await MutateAsync(
            new SessionMutation(session) { Options = new WriteOptions { Condition = new Precondition { MustExist = true } } }, cancellationToken);
        return outcome.Status == WriteStatus.PreconditionFailed
            ? Moved(session, WriteStatus.NotFound)
            : Moved(session, outcome.Status) with { Detail = outcome.Detail };
    }

    /// <summary>Moves a session to one tier by hand: up (load) or down (evict).</summary>
    public ValueTask<MoveOutcome> MigrateAsync(ReadOnlyMemory<byte> session, TierSet to, CancellationToken cancellationToken) => to switch
    {
        TierSet.Memory => LoadAsync(session, cancellationToken),
        TierSet.Spillover => EvictAsync(session, cancellationToken),
        TierSet.Redis or TierSet.Postgres => SendDownAsync(session, to, cancellationToken),
        _ => ValueTask.FromResult(Moved(session, WriteStatus.Unprocessable) with { Detail = "The policy declares no such tier." }),
    };

    private async ValueTask WaitGateAsync(ulong hash, CancellationToken cancellationToken)
    {
        var shard = _memory.ShardOf(hash);
        SessionGate? gate;
        lock (shard.Gate) shard.Gates.TryGetValue(hash, out gate);
        if (gate is not null) await gate.WaitAsync(cancellationToken);
    }

    /// <summary>A session whose time is over may still lie where nobody has looked since: it is not there.</summary>
    private MoveOutcome Moved(ReadOnlyMemory<byte> session, WriteStatus status)
    {
        var tiers = TiersOf(session.Span);
        return new MoveOutcome(tiers == TierSet.None && status == WriteStatus.Replaced ? WriteStatus.NotFound : status, tiers);
    }

    /// <summary>The tiers that hold a live copy now.</summary>
    private TierSet TiersOf(ReadOnlySpan<byte> session) => Describe(session, withItems: false)?.Tiers ?? TierSet.None;

    private unsafe int SlotOf(ReadOnlySpan<byte> key, ulong hash, out uint generation, out bool usesDisk)
    {
        (generation, usesDisk) = (0, false);
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session == null) return -1;
            generation = _memory.Queue.GenerationOf(session->Slot);
            usesDisk = _rules.Stored(session->RuleId, key).UsesDisk;
            return session->Slot;
        }
    }

    private unsafe bool TouchResident(ReadOnlySpan<byte> key, ulong hash)
    {
        var shard = _memory.ShardOf(hash);
        lock (shard.Gate)
        {
            var session = shard.FindSession_NeedsLock(key, hash);
            if (session == null) return false;
            var rule = _rules.Stored(session->RuleId, key);
            var nowMs = _clock.NowMs;
            if (MemoryShard.IsExpired_NeedsLock(session, rule, nowMs)) return false;
            shard.Access_NeedsLock(session, rule, nowMs);
            return true;
        }
    }
}
