using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    internal EngineCounters Counters => _counters;
    internal DeadLetters DeadLetters => _deadLetters;
    internal SyncLoop? LoopOf(TierSet tier) => _shared?.Of(tier);
    internal MemoryTier Memory => _memory;
    internal long InFlightUsedBytes => _inFlight.UsedBytes;

    /// <summary>The state of every tier and the counters, for people and tools.</summary>
    public EngineStatus Status()
    {
        var tiers = new List<TierStatus>();
        if (_rules.Policy.Memory is not null)
        {
            tiers.Add(new TierStatus("memory", "Healthy", _memory.Budget.UsedBytes, _memory.Budget.CapacityBytes, _memory.SessionCount, _memory.ItemCount, _memory.Hits));
        }

        if (_disk is not null)
        {
            tiers.Add(new TierStatus(
                "spillover", _disk.State.ToString(), _disk.UsedBytes, _rules.Policy.Spillover?.CapacityBytes ?? 0,
                (int)_disk.Sessions, (int)_disk.Items, _counters.DiskHits));
        }

        foreach (var loop in _shared?.Loops ?? [])
        {
            var state = loop.Link.Tier.State;
            var hits = loop.Link.Flag == TierSet.Redis ? _counters.RedisHits : _counters.PostgresHits;
            tiers.Add(new TierStatus(SharedTiers.NameOf(loop.Link.Flag), loop.Link.IsOpen && state.CanRead ? "Unavailable" : state.Health.ToString(), 0, 0, 0, 0, hits)
            {
                Reason = state.Reason ?? (loop.Link.IsOpen ? "it does not answer in time; it is probed in the background" : null),
                BacklogSessions = loop.Outbox.Backlog,
                BacklogBytes = loop.Outbox.BacklogBytes,
                IsBreakerOpen = loop.Link.IsOpen,
                Calls = loop.Link.Calls,
                Failures = loop.Link.Failures,
                Skipped = loop.Link.Skipped,
                ClockSkew = loop.Link.Tier.ClockSkew,
                SettledMs = loop.LastSettledMs,
            });
        }

        return new EngineStatus(tiers, _memory.Misses, _counters.Writes, _counters.Deletes, _counters.Evictions,
            _counters.EvictionsUnsaved, _counters.Expirations, _inFlight.UsedBytes)
        {
            ConditionalScope = _rules.IsShared ? "shared" : "pod",
            DeadLetters = _deadLetters.Count,
            Backplane = BackplaneNow(),
            ClockRefused = _clock.Refused,
            DiskIsVolatile = _rules.Policy.Spillover is not null,
        };
    }

    private string? BackplaneNow() => _shared?.Backplanes is not { Count: > 0 } backplanes ? null : backplanes[0].Backplane.Way switch
    {
        BackplaneWay.Tracking => "tracking",
        BackplaneWay.PubSub => "pubsub",
        BackplaneWay.Notify => "notify",
        _ => "away",
    };

    /// <summary>
    /// Sends to the disk what only memory holds of the sessions that may be there (all of Overflow; under Mirror what an
    /// earlier policy kept from it), and waits until everything is durable. What could not be is counted.
    /// </summary>
    public async ValueTask<FlushReport> FlushAsync(CancellationToken cancellationToken)
    {
        await FlushSharedAsync(cancellationToken);
        if (_disk is null) return new FlushReport(OwedSessions, OwedSessions);
        var unsaved = 0;
        foreach (var shard in _memory.Shards)
        {
            TellDisk(shard);
            while (SaveShard(shard, ref unsaved) == AppendStatus.Busy) await _disk.WaitRoomAsync(cancellationToken);
        }

        await _disk.FlushAsync(cancellationToken);
        SaveShadow();
        return new FlushReport(_disk.Unsettled.Count + unsaved, OwedSessions);
    }

    /// <summary>Rewrites the disk's segments without what is dead.</summary>
    public ValueTask CompactAsync(CancellationToken cancellationToken)
        => _disk?.CompactAsync(cancellationToken) ?? ValueTask.CompletedTask;

    /// <summary>Busy: wait for room, then call again; what was saved is not saved twice.</summary>
    private unsafe AppendStatus SaveShard(MemoryShard shard, ref int unsaved)
    {
        var failed = 0;
        lock (shard.Gate)
        {
            foreach (var record in shard.Sessions_NeedsLock())
            {
                var session = (SessionRecord*)record;
                var rule = _rules.Stored(session->RuleId, SessionRecord.Key(session));
                if (!rule.UsesDisk || IsDead(shard, session, _rules, _clock.NowMs)
                    || (session->Flags & (SessionFlags.OnDisk | SessionFlags.Unsettled)) == SessionFlags.OnDisk) continue;
                var wasUnsettled = session->Flags.Has(SessionFlags.Unsettled);
                var status = Save_NeedsLock(shard, session, rule, out _);
                if (status == AppendStatus.Busy) return status;
                if (status != AppendStatus.Ok && !wasUnsettled) failed++; // an unsettled one is counted by the disk
            }
        }

        unsaved += failed;
        return AppendStatus.Ok;
    }
}

/// <summary>One tier as it fares. Bytes as accounted; a capacity of 0 is unknown.</summary>
public sealed record TierStatus(string Name, string State, long UsedBytes, long CapacityBytes, int Sessions, int Items, long Hits)
{
    /// <summary>Why it is not healthy, and what to do; null when it is, and of local tiers.</summary>
    public string? Reason { get; init; }

    /// <summary>What a shared tier has yet to hear of.</summary>
    public int BacklogSessions { get; init; }
    public long BacklogBytes { get; init; }

    /// <summary>Of a shared tier: calls are kept away from it until a probe has had an answer.</summary>
    public bool IsBreakerOpen { get; init; }
    public long Calls { get; init; }
    public long Failures { get; init; }
    public long Skipped { get; init; }

    /// <summary>How far the server's clock is ahead of this one; null while not known.</summary>
    public TimeSpan? ClockSkew { get; init; }

    /// <summary>When it was told something last, Unix milliseconds; 0 for never.</summary>
    public long SettledMs { get; init; }
}

/// <summary>The engine as it fares.</summary>
public sealed record EngineStatus(
    IReadOnlyList<TierStatus> Tiers, long Misses, long Writes, long Deletes, long Evictions, long EvictionsUnsaved, long Expirations,
    long InFlightBytes)
{
    /// <summary>Where conditional writes are decided: <c>pod</c> when no shared tier is declared, else <c>shared</c>.</summary>
    public required string ConditionalScope { get; init; }

    /// <summary>How changes of other sidecars are heard of: <c>tracking</c>, <c>pubsub</c>, <c>notify</c>, <c>away</c>; null where they are not.</summary>
    public string? Backplane { get; init; }

    /// <summary>Changes that a shared tier refused for good.</summary>
    public int DeadLetters { get; init; }

    /// <summary>Versions of others that were too far ahead of this clock to be taken over.</summary>
    public long ClockRefused { get; init; }

    /// <summary>True where the disk may go with the pod: acknowledged at Disk then means the process and the container.</summary>
    public required bool DiskIsVolatile { get; init; }
}

/// <summary>What a drain left behind.</summary>
/// <param name="PendingSessions">Sessions whose newest state neither the disk nor, where there is no disk, a shared tier holds.</param>
/// <param name="OwedSessions">Sessions that a shared tier has yet to hear of, a tier each; with a disk the journal keeps them for the next start.</param>
public sealed record FlushReport(int PendingSessions, int OwedSessions);
