using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// Spillover and journal in one: an append-only log in one folder with its index in memory. See docs/disk.md.
/// </summary>
/// <remarks>
/// Thread-safe. Appends are taken in the order of the calls and seen by every read that begins after the call returned.
/// One store owns a folder. Errors of the disk are statuses and <see cref="State"/>, never exceptions, once it is open.
/// </remarks>
public sealed partial class DiskStore : IAsyncDisposable, ICommitTarget
{
    private readonly DiskOptions _options;
    private readonly IDiskDoor _door;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IDisposable _lock;
    private readonly Manifest _manifest;
    private readonly KeyedHash _hash;
    private readonly BatchEncoder _encoder;
    private readonly SegmentSet _segments;
    private readonly RecordReader _reader;
    private readonly DiskIndex _index;
    private readonly Compactor _compactor;
    private readonly LogWriter _log;
    private readonly GroupCommit _commit;
    private readonly UnsettledSessions _unsettled;
    private readonly Lock _stateGate = new();
    private DiskMetrics? _metrics;
    private volatile int _state;
    private bool _disposed;

    private DiskStore(DiskOptions options, IDiskDoor door, TimeProvider time, ILogger logger, IDisposable folderLock, Manifest manifest)
    {
        (_options, _door, _time, _logger, _lock, _manifest) = (options, door, time, logger, folderLock, manifest);
        _hash = new KeyedHash(manifest.Seed);
        _encoder = new BatchEncoder(_hash, options.Compression);
        Budget = new DiskBudget(options.CapacityBytes);
        _segments = new SegmentSet(door, options.Folder, Budget, options.Keys, options.EffectiveSegmentBytes);
        _reader = new RecordReader(_segments);
        _index = new DiskIndex(_segments, _reader);
        _unsettled = new UnsettledSessions(options.MaxUnsettled);
        if (options.IsRead) KeepFrom = default(JournalPosition);
        _compactor = new Compactor(_segments, _index, _reader, options, () => KeepFrom);
        _log = new LogWriter(options, _segments, Apply, OnSealed, TryMakeRoom, OnDurable, logger);
        _commit = new GroupCommit(this, Math.Min(options.MaxPendingBytes, options.CapacityBytes / 16));
    }

    public bool IsHealthy => State == DiskState.Healthy;
    public DiskState State => (DiskState)_state;

    /// <summary>Raised on the thread that noticed; must return at once.</summary>
    public event Action<DiskState>? StateChanged;

    /// <summary>What the folder may hold and does hold. Whoever else writes into it reserves here.</summary>
    public DiskBudget Budget { get; }

    /// <summary>Bytes under the folder: segments with their unused ends, hints, checkpoints, and what others reserved.</summary>
    public long UsedBytes => Budget.UsedBytes;

    /// <summary>Bytes of records that something refers to.</summary>
    public long LiveBytes => _segments.LiveBytes;
    public long Sessions => _index.Sessions;
    public long Items => _index.Items;
    public long IndexBytes => _index.Account.Bytes;

    /// <summary>What the index takes of memory, for whoever budgets memory.</summary>
    internal NativeAccount IndexAccount => _index.Account;
    public int Segments => _segments.InOrder().Count;

    /// <summary>Opens the folder and reads its index.</summary>
    /// <exception cref="DiskStoreException">It cannot be opened; the message says what to do.</exception>
    public static DiskStore Open(DiskOptions options, IDiskDoor door, TimeProvider time, ILogger? logger = null, DiskMetrics? metrics = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CapacityBytes, DiskOptions.MinCapacityBytes);
        IDisposable? folderLock = null;
        DiskStore? store = null;
        try
        {
            door.CreateFolder(options.Folder);
            folderLock = door.TryLock(Path.Combine(options.Folder, "lock"))
                ?? throw new DiskStoreException(DiskStoreFault.InUse,
                    $"The data folder '{options.Folder}' is in use by another process. Stop that one, or give another folder.");
            var files = door.List(options.Folder);
            var hasSegments = files.Any(file => SegmentSet.EpochOf(file.Name) >= 0);
            var manifest = Manifest.OpenOrCreate(door, options.Folder, options.Keys, mayCreate: !hasSegments);
            store = new DiskStore(options, door, time, logger ?? NullLogger.Instance, folderLock, manifest);
            store.Recover();
            store.FindJournalEnd();
            store._metrics = metrics;
            metrics?.Observe(store);
            store.Start();
            return store;
        }
        catch (Exception error)
        {
            store?._index.Dispose();
            store?._segments.Dispose();
            folderLock?.Dispose();
            if (!DiskErrors.IsDiskError(error)) throw;
            throw new DiskStoreException(DiskStoreFault.NotWritable,
                $"The data folder '{options.Folder}' cannot be read or written: {error.Message} Give the process rights to it, or another folder.", error);
        }
    }

    /// <summary>Commits what waits, writes the last hint and lets the folder go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await StopMaintenanceAsync();
        _commit.Dispose();
        CloseLog();
        _log.Dispose();
        _index.Dispose();
        _segments.Dispose();
        _lock.Dispose();
        _wake.Dispose();
        _maintenance.Dispose();
    }

    private void SetState(DiskState state)
    {
        lock (_stateGate)
        {
            if ((DiskState)_state == state) return;
            _state = (int)state;
        }

        LogState(_logger, state);
        StateChanged?.Invoke(state);
    }

    [LoggerMessage(1200, LogLevel.Information, "The disk store is {State}")]
    private static partial void LogState(ILogger logger, DiskState state);
}
