using Npgsql;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// Runs calls on the pool, each for no longer than its caller waits. A call that is late is left behind, never cancelled:
/// cancelling asks the server over another connection and waits for it, which would hang where the server is frozen. The server's
/// own statement timeout ends what it still works on; what a frozen or lost server never ends holds a pooled connection, so
/// at most the pool's size of them. <see cref="ReplaceConnections"/> forgets them once the server is known to answer others.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class PostgresGateway(PostgresTierOptions options, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan s_lostAfter = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly HashSet<LateCall> _late = [];
    private NpgsqlDataSource _source = ConnectionSettings.Pool(options);

    /// <summary>
    /// Runs work on a connection. Throws what the work throws, <see cref="TimeoutException"/> at the deadline, and
    /// <see cref="OperationCanceledException"/> only when the caller's token says so.
    /// </summary>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, TimeSpan timeout, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // the call that is left behind disposes of it, when it ends
        var pool = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
#pragma warning restore CA2000
        var run = WorkAsync(work, pool.Token);
        try
        {
            return await run.WaitAsync(timeout, time, cancellationToken);
        }
        catch (Exception) when (!run.IsCompleted)
        {
            Leave(run, pool);
            throw;
        }
        finally
        {
            if (run.IsCompleted) pool.Dispose();
        }
    }

    /// <summary>Starts on new connections where old ones have hung for long. True when there were any.</summary>
    public bool ReplaceConnections()
    {
        NpgsqlDataSource old;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (!_late.Any(call => time.GetElapsedTime(call.Since, now) > s_lostAfter)) return false;
            _late.Clear();
            (old, _source) = (_source, ConnectionSettings.Pool(options));
        }

        old.Dispose(); // idle ones close now; those that hang close when TCP gives them up
        return true;
    }

    /// <summary>Closes connections that nobody uses, so that no call finds out by itself that they are broken.</summary>
    public void DropIdle()
    {
        lock (_lock) _source.Clear();
    }

    public async ValueTask DisposeAsync() => await _source.DisposeAsync();

    private async Task<T> WorkAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken untilConnected)
    {
        await using var connection = await _source.OpenConnectionAsync(untilConnected);
        untilConnected.ThrowIfCancellationRequested();
        return await work(connection);
    }

    private void Leave(Task run, CancellationTokenSource pool)
    {
        var late = new LateCall(time.GetTimestamp());
        lock (_lock) _late.Add(late);
        _ = ForgetAsync(run, late, pool);
        try
        {
            pool.Cancel(); // it leaves the queue for a connection; a statement that runs goes on
        }
        catch (Exception broken) when (broken is AggregateException or ObjectDisposedException)
        {
            // It ended, or its connection broke, at this very moment.
        }
    }

    private async Task ForgetAsync(Task run, LateCall late, CancellationTokenSource pool)
    {
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its caller has left: nobody is there to be told
        lock (_lock) _late.Remove(late);
        pool.Dispose();
    }

    /// <summary>By reference: two that began at once are two.</summary>
    private sealed class LateCall(long since)
    {
        public long Since => since;
    }
}
