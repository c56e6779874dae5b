using System.Diagnostics;
using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// Brings one tier up to date with what it is owed. 1. Read on in the journal where the outbox is behind it. 2. Take what is waited
/// for, what has waited long enough, or a full batch. 3. Build the changes from what memory and disk hold now. 4. Apply them, several
/// round trips at once, at the pace that the tier keeps. 5. Settle each: done, put back, or a dead letter.
/// </summary>
/// <remarks>One per tier. A tier that is away costs one probe per backoff; what is owed waits, and who waits for it is told at once.</remarks>
internal sealed partial class SyncLoop : IAsyncDisposable
{
    /// <summary>An entry that was sent so often in vain, while the tier answered others, is a dead letter.</summary>
    private const int MaxAttempts = 20;
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_lastBackoff = TimeSpan.FromSeconds(5);

    private readonly ISyncSource _source;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly Pace _pace = new();
    private volatile SyncOptions _options;
    private volatile bool _isFlushing;
    private Task _loop = Task.CompletedTask;
    private TimeSpan _backoff = s_firstBackoff;
    private int _underWay;
    private long _sent;
    private long _lastSettledMs;

    public SyncLoop(RemoteTierBinding binding, Outbox outbox, ISyncSource source, SyncOptions options, SyncClock clock)
    {
        (Outbox, _source, _options) = (outbox, source, options);
        Link = new TierLink(binding.Tier, binding.Timeout, clock.Time);
        (_time, _logger) = (clock.Time, clock.Logger);
        outbox.Ready += Wake;
    }

    public TierLink Link { get; }
    public Outbox Outbox { get; }

    /// <summary>Sessions that were settled since the start.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>When something was settled last, Unix milliseconds.</summary>
    public long LastSettledMs => Interlocked.Read(ref _lastSettledMs);

    public SyncOptions Options
    {
        get => _options;
        set
        {
            _options = value;
            Outbox.MaxBacklogBytes = value.MaxBacklogBytes;
            Wake();
        }
    }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Sends everything that is owed, however young. False when the time ran out first.</summary>
    public async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        _isFlushing = true;
        try
        {
            while (Outbox.Count > 0 || Outbox.BehindFrom is not null)
            {
                Wake();
                await Task.Delay(TimeSpan.FromMilliseconds(10), _time, cancellationToken);
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            _isFlushing = false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _loop;
        while (Volatile.Read(ref _underWay) > 0) await Task.Delay(1);
        await Link.DisposeAsync();
        _closing.Dispose();
        _wake.Dispose();
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task RunAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await StepAsync(_closing.Token);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogFailed(_logger, Link.Flag, error);
                await BackOffAsync(_closing.Token);
            }
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        await ReadOnAsync(cancellationToken);
        if (!Link.CanWrite && !await Link.ProbeAsync(cancellationToken))
        {
            Outbox.TellWaiters(new RemoteResult(RemoteStatus.Unavailable));
            await BackOffAsync(cancellationToken);
            return;
        }

        _backoff = s_firstBackoff;
        var options = _options;
        while (Link.CanWrite && Volatile.Read(ref _underWay) < _pace.Parallelism(options))
        {
            var batch = Outbox.Take(_pace.Batch(options), _isFlushing ? long.MaxValue : NowMs - (long)options.Interval.TotalMilliseconds, NowMs);
            if (batch.Count == 0) break;
            Interlocked.Increment(ref _underWay);
            _ = SendAsync(batch, cancellationToken);
        }

        await WaitAsync(cancellationToken);
    }

    /// <summary>From the journal into the outbox, while the outbox has room and the journal is ahead of it.</summary>
    private async ValueTask ReadOnAsync(CancellationToken cancellationToken)
    {
        while (Outbox.BehindFrom is { } from && Outbox.MayReadOn)
        {
            if (_source.ReadJournal(from) is { } stretch)
            {
                Outbox.NoteRead(_source.NotesOf(stretch, Link));
                Outbox.ReadUpTo(stretch.Next);
            }
            else
            {
                await CatchUpAsync(from, cancellationToken);
            }
        }
    }

    /// <summary>
    /// The journal's end: from now on changes are noted as they happen. What was appended before that and was not durable yet
    /// is read once more, and until it is the watermark stays.
    /// </summary>
    private async ValueTask CatchUpAsync(Disk.JournalPosition from, CancellationToken cancellationToken)
    {
        Outbox.NoteFromNowOn();
        var read = from;
        try
        {
            await _source.FlushJournalAsync(cancellationToken);
            while (_source.ReadJournal(read) is { } late)
            {
                Outbox.NoteRead(_source.NotesOf(late, Link));
                read = late.Next;
            }
        }
        catch
        {
            Outbox.FallBehind(read);
            throw;
        }

        Outbox.HasCaughtUp();
    }

    private async Task SendAsync(List<OwedSession> batch, CancellationToken cancellationToken)
    {
        var changes = new List<(OwedSession Owed, RemoteChange Change)>(batch.Count);
        var open = new HashSet<OwedSession>(batch);
        try
        {
            foreach (var owed in batch)
            {
                if (TryBuild(owed, out var change)) changes.Add((owed, change));
                else open.Remove(owed);
            }

            if (changes.Count > 0) await ApplyAsync(changes, open, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Closing: what is outstanding stands in the journal.
        }
        catch (Exception error)
        {
            LogFailed(_logger, Link.Flag, error);
        }
        finally
        {
            foreach (var owed in open) Outbox.PutBack(owed, new RemoteResult(RemoteStatus.Unavailable), NowMs);
            foreach (var (_, change) in changes)
                foreach (var put in change.Puts) put.Value.Release();
            Interlocked.Decrement(ref _underWay);
            Wake();
        }
    }

    private async Task ApplyAsync(List<(OwedSession Owed, RemoteChange Change)> changes, HashSet<OwedSession> open, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var results = await Link.ApplyAsync([.. changes.Select(change => change.Change)], cancellationToken);
        var failed = results is null;
        for (var i = 0; i < changes.Count && results is not null; i++)
        {
            var (owed, change) = changes[i];
            failed |= results[i].Status == RemoteStatus.Unavailable;
            if (Settle(owed, change, results[i])) open.Remove(owed);
        }

        if (failed) _pace.Slower();
        else if (changes.Count >= _pace.Batch(_options) && Stopwatch.GetElapsedTime(started) < Link.Timeout) _pace.Faster(_options);
    }

    /// <summary>False: it stays owed.</summary>
    private bool Settle(OwedSession owed, RemoteChange change, RemoteResult result)
    {
        if (result.Status == RemoteStatus.Unavailable && (owed.Attempts < MaxAttempts || !Link.CanWrite)) return false;
        if (result.Status is RemoteStatus.Unavailable or RemoteStatus.Refused)
            _source.OnRefused(owed, Link, change, result.Detail ?? "The tier did not take it in many attempts, while it took others.");
        else
            _source.OnSettled(owed, Link, result);
        Finish(owed, result);
        return true;
    }

    private bool TryBuild(OwedSession owed, out RemoteChange change)
    {
        change = null!;
        if (_source.Build(owed, Link) is { } built)
        {
            change = built;
            return true;
        }

        Finish(owed, new RemoteResult(RemoteStatus.Applied));
        return false;
    }

    private void Finish(OwedSession owed, RemoteResult result)
    {
        Interlocked.Increment(ref _sent);
        Interlocked.Exchange(ref _lastSettledMs, NowMs);
        Outbox.Done(owed, result);
    }

    private void Wake()
    {
        if (_wake.CurrentCount > 0) return;
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // another wake came first: one is enough
        }
    }

    /// <summary>Until somebody wakes it, or a tenth of the interval has passed.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var due = Task.Delay(Clamp(_options.Interval / 10), _time, limit.Token);
        await Task.WhenAny(_wake.WaitAsync(limit.Token), due);
        await limit.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TimeSpan Clamp(TimeSpan wait) => wait < TimeSpan.FromMilliseconds(20) ? TimeSpan.FromMilliseconds(20) : wait > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait;

    /// <summary>With jitter, so that a fleet does not come back at one moment.</summary>
    private async Task BackOffAsync(CancellationToken cancellationToken)
    {
        var wait = _backoff * (0.5 + Random.Shared.NextDouble());
        _backoff = _backoff * 2 > s_lastBackoff ? s_lastBackoff : _backoff * 2;
        await Task.Delay(wait, _time, cancellationToken);
    }

    [LoggerMessage(1301, LogLevel.Error, "The sync with {Tier} met an error that it did not expect, and goes on")]
    private static partial void LogFailed(ILogger logger, Policy.Compiled.TierSet tier, Exception error);
}

/// <summary>What a loop needs of its surroundings.</summary>
internal sealed record SyncClock(TimeProvider Time, ILogger Logger);
