using Npgsql;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// The way of every call: not before the server was first looked at, not while it is known to be away, within a time, with its
/// failure turned into a <see cref="PostgresFault"/>. A statement and the server's own timeout for it go in one round trip.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class PostgresCalls(PostgresTierOptions options, PostgresGateway gateway, PostgresMonitor monitor, TimeProvider time)
{
    /// <summary>A large value may take the time that its bytes take at this pace.</summary>
    private const double BytesPerSecond = 10 * 1024 * 1024;

    public string Schema => options.Url.Schema;
    public RemoteTierOptions Remote => options.Remote;
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>How long one change or read may take: the tier's timeout, more where its own bytes need more.</summary>
    public TimeSpan TimeoutFor(long bytes) => options.Remote.Timeout + TimeSpan.FromSeconds(bytes / BytesPerSecond);
    public TimeSpan BatchTimeout => options.BatchTimeout > options.Remote.Timeout ? options.BatchTimeout : options.Remote.Timeout;

    /// <summary>Runs a statement that reads.</summary>
    public Task<PostgresAnswer<T>> ReadAsync<T>(NpgsqlBatchCommand command, Func<NpgsqlDataReader, Task<T>> read, TimeSpan timeout, CancellationToken cancellationToken)
        => RepeatAsync(left => RunAsync(static state => state.CanRead, command, read, static _ => 0, left, cancellationToken), timeout);

    /// <summary>Runs a statement that writes; <paramref name="writes"/> tells from the answer how many of this sidecar's writes the server knows, 0 for none.</summary>
    public Task<PostgresAnswer<T>> WriteAsync<T>(NpgsqlBatchCommand command, Func<NpgsqlDataReader, Task<T>> read, Func<T, long> writes, TimeSpan timeout, CancellationToken cancellationToken)
        => RunAsync(static state => state.CanWrite, command, read, writes, timeout, cancellationToken);

    /// <summary>Runs a statement that writes and does no harm where it is run twice.</summary>
    public Task<PostgresAnswer<T>> WriteRepeatableAsync<T>(NpgsqlBatchCommand command, Func<NpgsqlDataReader, Task<T>> read, Func<T, long> writes, TimeSpan timeout, CancellationToken cancellationToken)
        => RepeatAsync(left => WriteAsync(command, read, writes, left, cancellationToken), timeout);

    /// <summary>
    /// A connection of the pool may have been cut while nobody used it, which only its next user finds out: such a call is tried again,
    /// within its time, as often as there may be connections.
    /// </summary>
    private async Task<PostgresAnswer<T>> RepeatAsync<T>(Func<TimeSpan, Task<PostgresAnswer<T>>> call, TimeSpan timeout)
    {
        var began = time.GetTimestamp();
        for (var more = options.MaxConnections; ; more--)
        {
            var answer = await call(timeout - time.GetElapsedTime(began));
            if (answer.Fault is not { WasCut: true } || more == 0) return answer;
        }
    }

    /// <summary>Runs several statements as one transaction.</summary>
    public Task<PostgresAnswer<T>> TransactAsync<T>(Func<NpgsqlConnection, Task<T>> work, TimeSpan timeout, CancellationToken cancellationToken)
        => GuardAsync(static state => state.CanWrite, connection => InTransactionAsync(connection, work, timeout), static _ => 0, timeout, cancellationToken);

    private Task<PostgresAnswer<T>> RunAsync<T>(Func<RemoteTierState, bool> allowed, NpgsqlBatchCommand command, Func<NpgsqlDataReader, Task<T>> read, Func<T, long> writes, TimeSpan timeout, CancellationToken cancellationToken)
        => GuardAsync(allowed, connection => ExecuteAsync(connection, command, read, timeout), writes, timeout, cancellationToken);

    private async Task<PostgresAnswer<T>> GuardAsync<T>(Func<RemoteTierState, bool> allowed, Func<NpgsqlConnection, Task<T>> work, Func<T, long> writes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        if (monitor.State.Health == RemoteHealth.Connecting && !await IsLookedAtAsync(timeout, cancellationToken)) return Unavailable<T>();
        if (!allowed(monitor.State)) return Unavailable<T>();
        var left = timeout - time.GetElapsedTime(began);
        if (left <= TimeSpan.Zero) return Unavailable<T>();
        try
        {
            var value = await gateway.RunAsync(work, left, cancellationToken);
            monitor.Succeeded(writes(value));
            return new PostgresAnswer<T>(value, null);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is NpgsqlException or TimeoutException or IOException or OperationCanceledException or ObjectDisposedException or PostgresStateException)
        {
            var fault = PostgresFault.Of(error, options.Url);
            monitor.Failed(fault);
            return new PostgresAnswer<T>(default!, fault);
        }
    }

    private PostgresAnswer<T> Unavailable<T>() => new(default!, new PostgresFault(PostgresFaultKind.Away, monitor.State.Reason ?? "The server is not to be had."));

    private async Task<bool> IsLookedAtAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await monitor.FirstLook.WaitAsync(timeout, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // Both go out together, and so are one transaction: the setting ends with it, as PgBouncer's transaction mode needs.
    private static async Task<T> ExecuteAsync<T>(NpgsqlConnection connection, NpgsqlBatchCommand command, Func<NpgsqlDataReader, Task<T>> read, TimeSpan timeout)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { StatementTimeout(timeout), command } };
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        var value = await read(reader);
        while (await reader.NextResultAsync()) { }
        return value;
    }

    private static async Task<T> InTransactionAsync<T>(NpgsqlConnection connection, Func<NpgsqlConnection, Task<T>> work, TimeSpan timeout)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var batch = new NpgsqlBatch(connection) { BatchCommands = { StatementTimeout(timeout) } }) await batch.ExecuteNonQueryAsync();
        var value = await work(connection);
        await transaction.CommitAsync();
        return value;
    }

    private static NpgsqlBatchCommand StatementTimeout(TimeSpan timeout) => new("SELECT set_config('statement_timeout', $1, true)")
    {
        Parameters = { new NpgsqlParameter { Value = $"{Math.Max(1, (long)timeout.TotalMilliseconds)}ms" } },
    };
}

/// <summary>What a call came to: a value, or a fault.</summary>
internal readonly record struct PostgresAnswer<T>(T Value, PostgresFault? Fault);
