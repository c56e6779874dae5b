namespace TierOperator.Tiering.Disk;

/// <summary>
/// The one committer. 1. It takes every batch that waits, without waiting for more. 2. It writes them at the log's end.
/// 3. It syncs once. 4. It tells those who wait. 5. It takes them into the index and lets the buffers go.
/// </summary>
/// <remarks>
/// Invariant: a segment is sealed only when all its records are in the index, so that compaction never takes a record
/// on its way for garbage. While one group is written, the next one gathers.
/// </remarks>
internal sealed class GroupCommit : IDisposable
{
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _signal = new(false);
    private readonly ICommitTarget _target;
    private readonly List<(long First, long Last)> _failed = [];
    private readonly Thread _thread;
    private readonly long _maxPendingBytes;
    private CommitGroup _open = new();
    private CommitGroup? _inFlight;
    private TaskCompletionSource? _room;
    private long _lastTicket;
    private long _decidedTicket;
    private long _pendingBytes;
    private bool _stopping;

    /// <summary>This thread puts several batches in line and then says so: the committer is woken once for all of them.</summary>
    [ThreadStatic]
    private static bool t_gathers;

    // The committer sleeps: whoever puts the first batch in line wakes it. A signal for every batch costs more than the batch.
    private bool _isIdle;
    private volatile bool _hasFailures;

    public GroupCommit(ICommitTarget target, long maxPendingBytes)
    {
        _target = target;
        _maxPendingBytes = maxPendingBytes;
        _thread = new Thread(Run) { IsBackground = true, Name = "tier-disk-commit" };
    }

    public long DurableTicket => Interlocked.Read(ref _decidedTicket);
    public long PendingBytes => Interlocked.Read(ref _pendingBytes);
    public bool IsBusy => PendingBytes > _maxPendingBytes;

    public void Start() => _thread.Start();

    /// <summary>
    /// Puts a batch in line. <paramref name="prepare"/> makes it, or refuses with null; <paramref name="publish"/> makes
    /// it visible to reads. Both run in the order of the tickets, one at a time.
    /// </summary>
    public PendingBatch? Enqueue<T>(T state, Func<T, PendingBatch?> prepare, Action<PendingBatch> publish)
    {
        PendingBatch? batch;
        bool wake;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, typeof(DiskStore));
            batch = prepare(state);
            if (batch is null) return null;
            batch.Ticket = ++_lastTicket;
            Interlocked.Add(ref _pendingBytes, batch.PendingBytes);
            _open.Add(batch);
            publish(batch);
            // What is gathered leaves it asleep, and anybody else may wake it.
            wake = _isIdle && !t_gathers;
            _isIdle &= t_gathers;
        }

        if (wake) _signal.Set();
        return batch;
    }

    /// <summary>From here on batches of this thread wait for <see cref="EndGathering"/>, unless the committer is awake anyway.</summary>
    public static void BeginGathering() => t_gathers = true;

    /// <summary>Has what was gathered committed. Must follow, whatever happens: nobody else may come by for a long time.</summary>
    public void EndGathering()
    {
        t_gathers = false;
        bool wake;
        lock (_gate)
        {
            wake = _isIdle && _open.Batches.Count > 0;
            _isIdle &= !wake;
        }

        if (wake) _signal.Set();
    }

    public ValueTask<bool> WaitAsync(long ticket)
    {
        Task decided;
        lock (_gate)
        {
            if (ticket <= _decidedTicket) return new ValueTask<bool>(!HasFailed_NeedsLock(ticket));
            decided = _inFlight is { } group && ticket <= group.LastTicket ? group.Decided : _open.Decided;
        }

        return Slow(decided);

        async ValueTask<bool> Slow(Task task)
        {
            await task;
            if (!_hasFailures) return true;
            lock (_gate) return !HasFailed_NeedsLock(ticket);
        }
    }

    public ValueTask WaitRoomAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (!IsBusy) return ValueTask.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task.WaitAsync(cancellation));
        }
    }

    /// <summary>Everything that was in line when it is called is decided, and in the index, when it returns.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellation)
    {
        Task task;
        lock (_gate)
        {
            task = _open.Batches.Count > 0 ? _open.Settled : _inFlight?.Settled ?? Task.CompletedTask;
        }

        await task.WaitAsync(cancellation);
    }

    /// <summary>Commits what is in line, then ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping) return;
            _stopping = true;
        }

        _signal.Set();
        if (_thread.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted)) return;
        _thread.Join();
        _signal.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            CommitGroup? group;
            bool stopping;
            lock (_gate)
            {
                stopping = _stopping;
                group = _open.Batches.Count > 0 ? _open : null;
                if (group is not null)
                {
                    _inFlight = group;
                    _open = new CommitGroup();
                }

                _isIdle = group is null;
            }

            if (group is not null) Commit(group);
            else if (stopping) return;
            else _signal.WaitOne();
        }
    }

    private void Commit(CommitGroup group)
    {
        _target.Commit(group.Batches, durable => Decide(group, durable));
        var bytes = 0L;
        foreach (var batch in group.Batches)
        {
            bytes += batch.PendingBytes;
            batch.Release();
        }

        TaskCompletionSource? room = null;
        lock (_gate)
        {
            _inFlight = null;
            if (Interlocked.Add(ref _pendingBytes, -bytes) <= _maxPendingBytes / 2) (room, _room) = (_room, null);
        }

        group.Settle();
        room?.TrySetResult();
    }

    private void Decide(CommitGroup group, int durable)
    {
        lock (_gate)
        {
            if (durable < group.Batches.Count) AddFailed_NeedsLock(group.Batches[durable].Ticket, group.LastTicket);
            _decidedTicket = group.LastTicket;
        }

        group.Decide();
    }

    private bool HasFailed_NeedsLock(long ticket)
    {
        foreach (var (first, last) in _failed)
            if (ticket >= first && ticket <= last) return true;
        return false;
    }

    /// <summary>Neighbouring failures are one range, so the list grows only as often as the disk heals and fails again.</summary>
    private void AddFailed_NeedsLock(long first, long last)
    {
        _hasFailures = true;
        if (_failed.Count > 0 && _failed[^1].Last == first - 1) _failed[^1] = (_failed[^1].First, last);
        else _failed.Add((first, last));
        if (_failed.Count > 1024) _failed.RemoveAt(0);
    }
}

/// <summary>Where the committer writes to.</summary>
internal interface ICommitTarget
{
    /// <summary>
    /// Writes and syncs; tells how many of the batches, from the first on, are durable; then takes those into the index
    /// and marks the sessions of the others unsettled.
    /// </summary>
    void Commit(List<PendingBatch> batches, Action<int> decide);
}
