using Microsoft.Extensions.Logging;

namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    /// <summary>Evicted this far below the threshold, so that not every append evicts.</summary>
    private const int EvictBelowPercent = 2;

    /// <summary>Live data never passes this share of the room: compaction always finds garbage to free.</summary>
    private const int HardLimitPercent = 97;
    private const int IndexBytesPerItem = 32;
    private static readonly TimeSpan s_firstProbe = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_lastProbe = TimeSpan.FromSeconds(5);

    private readonly Lock _logGate = new();
    private readonly GoneSessions _gone = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SemaphoreSlim _maintenance = new(1, 1);
    private volatile TaskCompletionSource _round = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private Task _loop = Task.CompletedTask;
    private Sweeper _sweeper = null!;
    private TimeSpan _probeDelay = s_firstProbe;
    private volatile bool _hasFault;
    private volatile bool _isStuck;
    private volatile bool _isClosing;
    private long _scratchBytes;
    private long _wantedBytes;

    /// <summary>Raised when the store took a session out by itself. On a background thread; must return soon.</summary>
    public event Action<byte[], SessionGoneReason>? SessionGone;

    public long Evictions => _sweeper.Evictions;
    public long Expirations => _sweeper.Expirations;
    public long Compactions => _compactor.Compactions;
    public long CompactedBytes => _compactor.RewrittenBytes;

    /// <summary>Records by the id of the key that they stand under; the empty id is in the clear.</summary>
    public IReadOnlyDictionary<string, long> RecordsByKey()
        => _segments.InOrder().GroupBy(segment => segment.Header.KeyId, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Sum(segment => segment.Records), StringComparer.Ordinal);

    /// <summary>What live data and deletions may occupy: the capacity without what others hold, the log's end and scratch.</summary>
    public long UsableBytes
        => Math.Max(0, _options.CapacityBytes - (Budget.UsedBytes - _segments.ChargedBytes) - (2 * _segments.SegmentBytes) - _segments.OverheadBytes);

    /// <summary>Rewrites everything that holds garbage or stands under an old key.</summary>
    public async ValueTask CompactAsync(CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        await _maintenance.WaitAsync(cancellation);
        try
        {
            lock (_logGate) _log.SealActive();
            await Task.Run(() => _compactor.CompactAll(cancellation), cancellation);
        }
        finally
        {
            _maintenance.Release();
        }
    }

    /// <summary>One round of what the background does: probe, sweep, evict, compact, prepare.</summary>
    internal async ValueTask MaintainAsync()
    {
        await _maintenance.WaitAsync(CancellationToken.None);
        try
        {
            if (_hasFault) Probe();
            await Task.Run(MaintainOnceAsync);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            LogMaintenanceFailed(_logger, error);
        }
        finally
        {
            _maintenance.Release();
            var round = _round;
            _round = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            round.TrySetResult();
        }
    }

    private void Start()
    {
        // Compaction's scratch, held from the start: a full folder can still be compacted.
        _scratchBytes = _segments.SegmentBytes;
        _segments.Charge(_scratchBytes);
        _sweeper = new Sweeper(_index, _segments, _reader, _options, RemoveSessions);
        _commit.Start();
        _loop = Task.Run(LoopAsync);
        _timer = _time.CreateTimer(static store => ((DiskStore)store!).Wake(), this, _options.MaintenanceInterval, _options.MaintenanceInterval);
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            await _wake.WaitAsync();
            if (_isClosing) return;
            try
            {
                await MaintainAsync();
            }
            catch (Exception error)
            {
                LogMaintenanceFailed(_logger, error);
            }
        }
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else woke it in the same moment.
        }
    }

    private async Task StopMaintenanceAsync()
    {
        _isClosing = true;
        if (_timer is not null) await _timer.DisposeAsync();
        Wake();
        await _loop;
        _round.TrySetResult();
    }

    private async Task MaintainOnceAsync()
    {
        if (_hasFault) return;
        _sweeper.SweepExpired(NowMs);
        var wanted = Interlocked.Exchange(ref _wantedBytes, 0);
        var evicted = TryEvictSurplus();
        if (!evicted)
        {
            // What was taken out before, or written just now, may be on its way to the log still, and be all that the sample
            // met: only what is left when that is decided says whether the store is stuck.
            await _commit.FlushAsync(CancellationToken.None);
            evicted = TryEvictSurplus();
        }

        while (NeedsSpace() && !_isClosing && _compactor.TryCompact(minGainBytes: 1)) { }
        while (!_isClosing && _compactor.TryCompact(_segments.SegmentBytes / 2)) { }
        _isStuck = !evicted && (wanted == 0 ? _isStuck : !HasRoom(wanted));
        SetState(_isStuck ? DiskState.Full : DiskState.Healthy);
        WriteHints();
        if (!_hasFault && Budget.FreeBytes > 2 * _segments.SegmentBytes) _segments.TryPrepareSpare();
    }

    /// <summary>False when sessions should have gone and none could.</summary>
    private bool TryEvictSurplus()
    {
        var occupied = Occupied;
        if (occupied > UsableBytes * _options.EvictAtPercent / 100)
            return _sweeper.Evict(occupied - (UsableBytes * (_options.EvictAtPercent - EvictBelowPercent) / 100), NowMs);
        return IndexedBytes <= MaxIndexBytes * _options.EvictAtPercent / 100 || _sweeper.Evict(OccupiedBySurplus(occupied), NowMs);
    }

    /// <summary>Bytes of the index that are in use, at its bound for an item. The tables themselves do not shrink.</summary>
    private long IndexedBytes => _index.Items * IndexBytesPerItem;

    private long MaxIndexBytes => _options.MaxIndexBytes > 0 ? _options.MaxIndexBytes : long.MaxValue / 100;

    /// <summary>About what the sessions occupy whose entries are too many for the index.</summary>
    private long OccupiedBySurplus(long occupied)
    {
        var surplus = IndexedBytes - (MaxIndexBytes * (_options.EvictAtPercent - EvictBelowPercent) / 100);
        return (long)((double)occupied * surplus / IndexedBytes);
    }

    private long Occupied => _segments.LiveBytes + _segments.TombstoneBytes;

    private bool NeedsSpace() => _segments.Spares == 0 && Budget.FreeBytes < _segments.SegmentBytes;

    private bool HasRoom(long bytes)
    {
        var occupied = Occupied;
        var usable = UsableBytes;
        var indexed = IndexedBytes;
        if ((occupied > usable * _options.EvictAtPercent / 100 || indexed > MaxIndexBytes * _options.EvictAtPercent / 100) && !_isStuck) Wake();
        return indexed <= MaxIndexBytes && occupied + PendingBytes + bytes <= usable * HardLimitPercent / 100;
    }

    private AppendStatus NoRoom(long bytes)
    {
        Interlocked.Exchange(ref _wantedBytes, bytes);
        if (_isStuck) return AppendStatus.Full;
        Wake();
        return AppendStatus.Busy;
    }

    /// <summary>Called by the committer when it needs another segment and there is no room for it.</summary>
    private bool TryMakeRoom() => _segments.TryDropSpare() || _compactor.TryCompact(minGainBytes: 1) || _segments.TryDropHint();

    private void OnSealed(SegmentFile segment)
    {
        segment.NeedsHint = true;
        Wake();
    }

    private void OnFault(Exception failure)
    {
        _hasFault = true;
        _probeDelay = s_firstProbe;
        SetState(DiskErrors.IsNoSpace(failure) ? DiskState.Full : DiskState.Failing);
        _timer?.Change(_probeDelay, _options.MaintenanceInterval);
    }

    private void Probe()
    {
        try
        {
            lock (_logGate)
            {
                _log.Probe();
                _hasFault = false;
            }

            _timer?.Change(_options.MaintenanceInterval, _options.MaintenanceInterval);
            SetState(DiskState.Healthy);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            SetState(DiskErrors.IsNoSpace(error) ? DiskState.Full : DiskState.Failing);
            _probeDelay = _probeDelay * 2 > s_lastProbe ? s_lastProbe : _probeDelay * 2;
            _timer?.Change(_probeDelay, _options.MaintenanceInterval);
        }
    }

    /// <summary>
    /// Takes sessions out that are still where they were seen, with nothing on its way: decided in the order of the
    /// appends, so that a write that came between is never lost with them. How many were taken.
    /// </summary>
    private int RemoveSessions(List<RemovalCandidate> candidates, SessionGoneReason reason)
    {
        var batch = _commit.Enqueue(candidates, StillThere, Publish);
        if (batch is null) return 0;
        var taken = batch.Operations[0].Dropped!;
        if (SessionGone is not { } told) return taken.Length;
        var set = taken.ToHashSet();
        foreach (var candidate in candidates)
            if (set.Contains(candidate.Session)) told(candidate.Key, reason);
        return taken.Length;
    }

    private PendingBatch? StillThere(List<RemovalCandidate> candidates)
    {
        var still = new List<Hash128>(candidates.Count);
        foreach (var candidate in candidates)
        {
            var shard = _index.ShardOf(candidate.Session);
            lock (shard.Gate)
            {
                if (shard.Pending.ContainsKey(candidate.Session)) continue;
                var at = _index.FindSession_NeedsLock(shard, candidate.Session);
                if (at >= 0 && shard.Table[at].IsSession && shard.Table[at].Location == candidate.Location) still.Add(candidate.Session);
            }
        }

        return still.Count == 0 ? null : BatchEncoder.EncodeDrop([.. still]);
    }

    private void WriteHints()
    {
        foreach (var segment in _segments.InOrder())
            if (segment is { IsSealed: true, NeedsHint: true }) WriteHint(segment);
    }

    private void WriteHint(SegmentFile segment)
    {
        using var outcome = SegmentScan.Confirmed(segment, Math.Min(segment.Tail, segment.File.Length));
        var bytes = HintFile.BytesOf(outcome.Records.Count);
        if (Budget.FreeBytes < bytes + _segments.SegmentBytes || !_segments.TryReserve(bytes)) return;
        _segments.SetHint(segment, bytes);
        HintFile.Write(_segments, segment, outcome);
        segment.NeedsHint = false;
    }

    /// <summary>The last hint, so that the next start reads no data. A failure costs the next start a scan.</summary>
    private void CloseLog()
    {
        try
        {
            var active = _log.Active;
            if (!_hasFault) _log.SealActive();
            if (active is not null) active.File.SetLength(active.Tail);
            _segments.Charge(-_scratchBytes);
            if (!_hasFault) WriteHints();
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            LogMaintenanceFailed(_logger, error);
        }
    }

    [LoggerMessage(1205, LogLevel.Warning, "Maintenance of the data folder failed; it is tried again")]
    private static partial void LogMaintenanceFailed(ILogger logger, Exception error);
}
