using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Checkpoints;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Eviction;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// The tier engine: routes each read and write by the policy through memory and disk.
/// </summary>
/// <remarks>
/// <para>A session is in one of three states: absent; resident (memory holds it whole); or cold (only the disk holds it).</para>
/// <para>1. Work on a resident or absent session happens under its shard's lock, without I/O: plan, append to the journal
/// (a copy into a buffer), change memory. 2. Work on a cold session happens under the session's gate, which makes others
/// wait, because it reads the disk. 3. What must be durable is awaited after both are open again.</para>
/// <para>Thread-safe. Lock order: gate, shard, eviction queue. Source: the rules of docs/ARCHITECTURE.md.</para>
/// </remarks>
public sealed partial class TierEngine : IAsyncDisposable
{
    private readonly RuleNames _names = new();
    private readonly MemoryTier _memory;
    private readonly DiskStore? _disk;
    private readonly HybridClock _clock;
    private readonly TimeProvider _time;
    private readonly WritePlanner _planner;
    private readonly ILogger _log;
    private readonly EngineOptions _options;
    private readonly CancellationTokenSource _closing = new();
    private readonly EngineCounters _counters = new();
    private readonly EngineMeter _meter;
    private readonly ErasureLog? _erasures;
    private readonly InFlightBudget _inFlight;
    private Task _background = Task.CompletedTask;
    private readonly long _openedCapacity;
    private readonly TierSet _bound;
    private volatile RuleTable _rules;
    private int _disposed;

    private TierEngine(EngineOptions options, CompiledPolicy policy, TimeProvider time, ILoggerFactory loggers, DiskStore? disk, CheckpointStore? checkpoints, Meter meter, IDiskDoor? door)
    {
        _checkpoints = checkpoints;
        _options = options;
        _time = time;
        _log = loggers.CreateLogger<TierEngine>();
        _disk = disk;
        _bound = options.RemoteTiers.Aggregate(TierSet.None, static (tiers, binding) => tiers | binding.Tier.Tier);
        _rules = new RuleTable(policy, _names, _bound);
        var capacity = policy.Memory?.CapacityBytes ?? 0;
        _openedCapacity = capacity;
        _memory = new MemoryTier(capacity, NewEviction(policy), disk?.IndexAccount);
        _clock = new HybridClock(time, options.Node);
        _ancestry = new Ancestry(options.Node, _lastRuns);
        _planner = new WritePlanner(_clock);
        _shared = OpenShared(options, policy);
        _deadLetters = new DeadLetters(disk is null ? null : door, options.DataFolder);
        if (_deadLetters.DamagedFile is { } damaged) EngineLog.DeadLettersDamaged(_log, damaged);
        _erasures = disk is null ? null : new ErasureLog(door!, options.DataFolder!);
        _shadow = disk is null || _shared is null ? null : Shadow.Open(door!, options.DataFolder!, _clock.Node, _clock.NowMs);
        _inFlight = new InFlightBudget(options.InFlightBytes > 0 ? options.InFlightBytes : DefaultInFlight(capacity), _memory.Budget, capacity > 0);
        _meter = new EngineMeter(this, meter);
    }

    /// <summary>The disk tier, for tests that break and mend it beneath the engine.</summary>
    internal DiskStore? Disk => _disk;

    /// <summary>The policy that is in force.</summary>
    public CompiledPolicy Policy => _rules.Policy;

    /// <summary>
    /// Opens the tiers that the policy declares. Throws <see cref="DiskStoreException"/> when the data folder cannot be used,
    /// with what to do about it.
    /// </summary>
    public static TierEngine Open(
        EngineOptions options, CompiledPolicy policy, TimeProvider time, ILoggerFactory loggers, IDiskDoor? disk = null)
    {
        var meter = new Meter(EngineMeter.Name);
        var door = disk ?? new PosixDisk();
        TierEngine? opened = null;
        var store = options.DataFolder is { } folder && policy.Spillover is { } spillover
            ? DiskStore.Open(DiskOptionsOf(folder, spillover, policy, options, () => opened), door, time, loggers.CreateLogger<DiskStore>(), new DiskMetrics(meter))
            : null;
        var checkpoints = store is null ? null : new CheckpointStore(options.DataFolder!, door, store.Budget, options.Keys, time);
        if (options.Node == 0) options = options with { Node = (uint)Random.Shared.NextInt64(1, uint.MaxValue) };
        var engine = opened = new TierEngine(options, policy, time, loggers, store, checkpoints, meter, door);
        engine.Start();
        return engine;
    }

    /// <summary>
    /// Takes a new policy over while serving. What is part of the pod (capacities upward, the data folder) stays as it is and
    /// is told.
    /// </summary>
    public ApplyOutcome Apply(CompiledPolicy policy)
    {
        var before = _rules.Policy;
        var restart = RestartRequired(before, policy);
        if (policy.Memory is { } memory)
        {
            _memory.Budget.SetCapacity(Math.Min(memory.CapacityBytes, Math.Max(_openedCapacity, 1)));
            if (before.Memory?.Eviction != memory.Eviction) SwapEviction(policy);
        }

        _rules = new RuleTable(policy, _names, _bound);
        ApplyShared(before, policy);
        EngineLog.PolicyApplied(_log, policy.Name, policy.Revision);
        SignalPressure();
        return new ApplyOutcome(restart);
    }

    /// <summary>Stops the background work and closes the tiers. Flush first to know what was pending.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        await _closing.CancelAsync();
        SignalPressure();
        await _background;
        await _preloading;
        if (_shared is not null) await CloseSharedAsync(_shared);
        if (_disk is not null) await _disk.DisposeAsync();
        _checkpoints?.Dispose();
        _meter.Dispose();
        _memory.Dispose();
        _closing.Dispose();
        _evicting.Dispose();
        _pressure.Dispose();
    }

    private static long DefaultInFlight(long capacity) => Math.Max(1 << 20, capacity > 0 ? capacity / 4 : 64 << 20);

    private static DiskOptions DiskOptionsOf(
        string folder, CompiledSpillover spillover, CompiledPolicy policy, EngineOptions options, Func<TierEngine?> engine) => new()
        {
            Folder = folder,
            CapacityBytes = spillover.CapacityBytes,
            EvictAtPercent = spillover.EvictAtPercent,
            Compression = spillover.Compression,

            // The index counts against memory, and may take half of it; what waits for the disk is small beside it.
            MaxIndexBytes = policy.Memory is null ? 0 : policy.Memory.CapacityBytes / 2,
            MaxPendingBytes = policy.Memory is null ? 32 << 20 : Math.Clamp(policy.Memory.CapacityBytes / 32, 4 << 20, 32 << 20),
            Keys = options.Keys,

            // A late replay by another sidecar must not bring back what was deleted here; and what a shared tier has yet to hear of stays.
            Tombstones = options.RemoteTiers.Count == 0 ? TimeSpan.Zero : policy.Tombstones,
            MayEvict = options.RemoteTiers.Count == 0 ? null : (key, _) => engine()?.MayLeaveDisk(key) == true,
            IsRead = options.RemoteTiers.Count > 0,
        };

    private IEvictionPolicy NewEviction(CompiledPolicy policy)
        => EvictionPolicies.Create(
            policy.Memory?.Eviction ?? EvictionKind.LRU, change => EngineLog.EvictionSwitched(_log, change.From.ToString(), change.To.ToString()));

    private static List<string> RestartRequired(CompiledPolicy before, CompiledPolicy after)
    {
        var fields = new List<string>();
        if (after.Memory?.CapacityBytes > before.Memory?.CapacityBytes) fields.Add("tiers.memory.capacity");
        if ((before.Memory is null) != (after.Memory is null)) fields.Add("tiers.memory");
        if ((before.Spillover is null) != (after.Spillover is null)) fields.Add("tiers.spillover");
        if (after.Spillover?.CapacityBytes != before.Spillover?.CapacityBytes) fields.Add("tiers.spillover.capacity");
        if (after.Spillover?.KeySecret != before.Spillover?.KeySecret) fields.Add("tiers.spillover.encryption");
        if (after.Spillover?.Compression != before.Spillover?.Compression) fields.Add("tiers.spillover.compression");
        return fields;
    }
}

/// <summary>What a reload came to: the fields that wait for a restart.</summary>
public sealed record ApplyOutcome(IReadOnlyList<string> RestartRequired);
