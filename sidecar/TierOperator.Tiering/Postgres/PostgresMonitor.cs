using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Postgres.Migrations;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// Knows how the server fares. One loop connects, migrates and looks again: seldom while all is well, at once when a call has
/// failed, with jittered backoff while the server is away. It uses connections of its own, so that a hung pool hides nothing.
/// </summary>
/// <remarks>Thread-safe. The state is swapped in one place.</remarks>
internal sealed class PostgresMonitor(PostgresTierOptions options, PostgresGateway gateway, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_backoffFrom = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_backoffTo = TimeSpan.FromSeconds(5);
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Migrator _migrator = new(options.Url.Schema);
    private Task _loop = Task.CompletedTask;
    private RemoteTierState _state = new(RemoteHealth.Connecting, "The first connection is being made.");
    private long _skewTicks = long.MinValue;
    private int _failures;
    private int _refusedWrites;
    private long _acknowledged;
    private bool _isReady;

    public RemoteTierState State => Volatile.Read(ref _state);

    /// <summary>As of the last look.</summary>
    public TimeSpan? ClockSkew => Volatile.Read(ref _skewTicks) is var ticks && ticks != long.MinValue ? TimeSpan.FromTicks(ticks) : null;

    public event Action<RemoteTierState>? StateChanged;
    public event Action? Forgot;

    /// <summary>Done when the server was looked at for the first time, whatever was seen.</summary>
    public Task FirstLook => _looked.Task;

    public void Start() => _loop = Task.Run(() => LoopAsync(_stop.Token));

    /// <summary>A call has done well; <paramref name="writes"/> is how many of this sidecar's writes the server knows, 0 where the call wrote nothing.</summary>
    public void Succeeded(long writes)
    {
        if (writes == 0) return;
        Volatile.Write(ref _refusedWrites, 0);
        for (var seen = Volatile.Read(ref _acknowledged); writes > seen; seen = Volatile.Read(ref _acknowledged))
            if (Interlocked.CompareExchange(ref _acknowledged, writes, seen) == seen) return;
    }

    /// <summary>A call has failed: what it says of the server's health is taken over, and the loop looks for itself.</summary>
    public void Failed(PostgresFault fault)
    {
        if (fault.Kind is PostgresFaultKind.Transient or PostgresFaultKind.Refused) return;
        if (fault.Kind == PostgresFaultKind.NoWrites)
        {
            Interlocked.Increment(ref _refusedWrites);
            Become(new RemoteTierState(RemoteHealth.ReadOnly, fault.Reason));
        }

        lock (_lock)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task LoopAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // A write was refused a moment ago: reading well would not show that it goes again, so the next look waits its turn.
            if (State.Health == RemoteHealth.ReadOnly) await Task.Delay(Backoff(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LookAsync(stop);
            _looked.TrySetResult();
            if (State.Health == RemoteHealth.Healthy) await WaitToBeWokenAsync(stop);
            else if (State.Health != RemoteHealth.ReadOnly) await Task.Delay(Backoff(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        try
        {
            var (writes, skew) = await ServerLook.RunAsync(options, _migrator, _isReady, time, logger).WaitAsync(ServerLook.Patience(options, _isReady), time, stop);
            _isReady = true;
            Volatile.Write(ref _skewTicks, skew.Ticks);
            if (State.Health is RemoteHealth.Unavailable) gateway.DropIdle(); // of a server that has been away they are broken
            if (gateway.ReplaceConnections()) PostgresLog.ConnectionsReplaced(logger);
            Compare(writes);
            _failures = 0;
            Become(new RemoteTierState(RemoteHealth.Healthy));
        }
        catch (Exception error) when (!stop.IsCancellationRequested)
        {
            _failures++;
            var fault = PostgresFault.Of(error, options.Url);
            if (fault.Kind == PostgresFaultKind.Emptied) _isReady = false;
            if (error is PostgresStateException { Kind: PostgresFaultKind.NoWrites }) _isReady = true; // the tables were looked at first: they can be read
            Become(new RemoteTierState(_isReady ? fault.Health : RemoteHealth.Unavailable, fault.Reason));
        }
    }

    /// <summary>A server that stands behind what it acknowledged to us has lost it: restored, or failed over to an older copy.</summary>
    private void Compare(long writes)
    {
        var acknowledged = Volatile.Read(ref _acknowledged);
        if (writes >= acknowledged || Interlocked.CompareExchange(ref _acknowledged, writes, acknowledged) != acknowledged) return;
        PostgresLog.Forgot(logger);
        Forgot?.Invoke();
    }

    private void Become(RemoteTierState next)
    {
        lock (_lock)
        {
            if (_state == next) return;
            var isNews = _state.Health != next.Health;
            Volatile.Write(ref _state, next);
            if (isNews) PostgresLog.StateChanged(logger, next.Health, next.Reason ?? "it takes reads and writes.");
        }

        StateChanged?.Invoke(next);
    }

    private TimeSpan Backoff()
    {
        var doubled = s_backoffFrom * Math.Pow(2, Math.Min(Math.Max(_failures, Volatile.Read(ref _refusedWrites)), 10));
        var most = doubled < s_backoffTo ? doubled : s_backoffTo;
        return most * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    private async Task WaitToBeWokenAsync(CancellationToken stop)
    {
        using var turn = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var woken = _wake.WaitAsync(turn.Token);
        await Task.WhenAny(woken, Task.Delay(s_lookEvery, time, turn.Token));
        await turn.CancelAsync();
        await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
