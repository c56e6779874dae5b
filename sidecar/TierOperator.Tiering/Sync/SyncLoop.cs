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
    /// <summary>A change that the tier has answered so often with an error, while it took others, is refused. No answer is no refusal, however often.</summary>
    private const int MaxObjections = 20;

    /// <summary>Of what somebody waits for, so many batches at once in any case: one may wait for a single session of many.</summary>
    private const int UrgentAtOnce = 2;
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_lastBackoff = TimeSpan.FromSeconds(5);

    private readonly ISyncSource _source;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly Pace _pace = new();
    private readonly Lane _due = new();
    private readonly Lane _urgent = new();
    private readonly Lane _missed = new();
    private readonly Hold _hold;
    private readonly List<Task> _sends = [];
    private volatile TaskCompletionSource _moved = NewSignal();
    private volatile SyncOptions _options;
    private volatile bool _isFlushing;
    private Task _loop = Task.CompletedTask;
    private TimeSpan _backoff = s_firstBackoff;
    private int _missedAtOnce = 1;
    private bool _wasAway;
    private long _sent;
    private long _lastSettledMs;

    public SyncLoop(RemoteTierBinding binding, Outbox outbox, ISyncSource source, SyncOptions options, SyncClock clock)
    {
        (Outbox, _source, _options) = (outbox, source, options);
        Link = new TierLink(binding.Tier, binding.Times, clock.Time);
        (_time, _logger, _hold) = (clock.Time, clock.Logger, new Hold(clock.Time));
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

    public async ValueTask DisposeAsync()
    {
        Outbox.Ready -= Wake;
        await _closing.CancelAsync();
        await _loop;
        await Task.WhenAll([.. _sends, _refilling]);
        Moved();
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
                var isUsable = await TryStepAsync(_closing.Token);
                Moved();
                await (isUsable ? WaitAsync(_closing.Token) : BackOffAsync(_closing.Token));
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                return; // whatever was under way: what is outstanding stands in the journal
            }
        }
    }

    /// <summary>False: the tier is away, or something unexpected was in the way; the next step comes after a pause.</summary>
    private async Task<bool> TryStepAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await StepAsync(cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(_logger, Link.Flag, error);
            return false;
        }
    }

    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        await ReadOnAsync(cancellationToken);
        if (!Link.CanWrite)
        {
            if (!await Link.ProbeAsync(cancellationToken))
            {
                _wasAway = true;
                Outbox.TellWaiters(new RemoteResult(RemoteStatus.Unavailable));
                return false;
            }

            _wasAway = true;
        }

        if (_wasAway) Outbox.EndPauses(NowMs);
        _wasAway = false;

        _backoff = s_firstBackoff;
        var options = _options;
        _sends.RemoveAll(static send => send.IsCompleted);
        BeginRefill(cancellationToken);
        while (Link.CanWrite && Next(options) is { } next) _sends.Add(SendAsync(next, cancellationToken));
        return true;
    }

    /// <summary>What goes next, and by which of the lanes: none waits for another. Null: nothing that may.</summary>
    private Batch? Next(SyncOptions options)
    {
        var (terms, parallelism) = (Terms(options), _pace.Parallelism(options));
        if (_urgent.UnderWay < Math.Max(UrgentAtOnce, parallelism) && Outbox.TakeUrgent(terms.Most) is { Count: > 0 } urgent) return new Batch(urgent, _urgent, urgent.Count == terms.Most);
        if (_missed.UnderWay == 0 && Outbox.TakeMissed(_missedAtOnce, terms.NowMs) is { Count: > 0 } missed) return new Batch(missed, _missed, isFull: false);
        if (_due.UnderWay < parallelism && Outbox.Take(terms) is { Count: > 0 } due) return new Batch(due, _due, due.Count == terms.Most);
        return null;
    }

    private SendTerms Terms(SyncOptions options)
    {
        var now = NowMs;
        return new SendTerms(_pace.Batch(options), now)
        {
            DueBeforeMs = _isFlushing ? long.MaxValue : now - (long)options.Interval.TotalMilliseconds,
            FullBeforeMs = _hold.IsOn ? now - (long)Hold.Longest.TotalMilliseconds : long.MaxValue,
        };
    }

    /// <summary>From the journal into the outbox, while the outbox has room and the journal is ahead of it.</summary>
    private async ValueTask ReadOnAsync(CancellationToken cancellationToken)
    {
        if (_source.CanRefill && Outbox.Refills.HasRoom) Outbox.ReadMissed();
        while (Outbox.MustReadOn(out var from, out var round) && Outbox.MayReadOn && (Outbox.Refills.HasRoom || !_source.CanRefill))
        {
            if (_source.ReadJournal(from) is { } stretch)
            {
                Outbox.NoteRead(_source.NotesOf(stretch, Link), round);
                Outbox.ReadUpTo(stretch.Next, round);
            }
            else
            {
                await CatchUpAsync(from, round, cancellationToken);
            }
        }
    }

    /// <summary>
    /// The journal's end: from now on changes are noted as they happen. What was appended before that and was not durable yet
    /// is read once more, and until it is the watermark stays.
    /// </summary>
    private async ValueTask CatchUpAsync(Disk.JournalPosition from, int round, CancellationToken cancellationToken)
    {
        Outbox.NoteFromNowOn(round);
        var read = from;
        try
        {
            await _source.FlushJournalAsync(cancellationToken);
            while (_source.ReadJournal(read) is { } late)
            {
                Outbox.NoteRead(_source.NotesOf(late, Link), round);
                read = late.Next;
            }
        }
        catch
        {
            Outbox.FallBehind(read);
            throw;
        }

        Outbox.HasCaughtUp(round);
    }

    [LoggerMessage(1301, LogLevel.Error, "The sync with {Tier} met an error that it did not expect, and goes on")]
    private static partial void LogFailed(ILogger logger, Policy.Compiled.TierSet tier, Exception error);
}

/// <summary>What a loop needs of its surroundings.</summary>
internal sealed record SyncClock(TimeProvider Time, ILogger Logger);
