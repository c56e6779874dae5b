namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// One server: keeps a connection to it, and opens another when that breaks, at once the first time and then with growing pauses of
/// random length, so that many sidecars do not come back in step.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RedisNode : IAsyncDisposable
{
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private readonly RedisDialer _dialer;
    private readonly TimeProvider _time;
    private volatile RedisConnection? _connection;
    private volatile RedisFault? _fault;
    private volatile TaskCompletionSource _changed = NewSignal();
    private Task _loop = Task.CompletedTask;

    public RedisNode(RedisAddress address, RedisDialer dialer, TimeProvider time) => (Address, _dialer, _time) = (address, dialer, time);

    public RedisAddress Address { get; }

    /// <summary>The open connection; null while there is none.</summary>
    public RedisConnection? Connection => _connection is { IsOpen: true } open ? open : null;

    /// <summary>Why the last attempt to connect failed; null when none has since the last success.</summary>
    public RedisFault? Fault => _fault;

    /// <summary>For those who wait for what the server says unasked.</summary>
    public Action<RedisPush>? Pushed { get; init; }

    /// <summary>Raised when the connection opens, breaks or cannot be opened; must return at once.</summary>
    public Action<RedisNode>? Changed { get; init; }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>
    /// The connection. Waits for it only while an attempt that may succeed is under way: a server that was found dead costs nothing.
    /// </summary>
    public async ValueTask<RedisConnection?> ConnectAsync(long deadlineAt, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _changed.Task;
            if (Connection is { } open) return open;
            var left = TimeSpan.FromSeconds((deadlineAt - _time.GetTimestamp()) / (double)_time.TimestampFrequency);
            if (_fault is not null || left <= TimeSpan.Zero) return null;
            try
            {
                await changed.WaitAsync(left, _time, cancellationToken);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = TimeSpan.Zero;
        while (!_stop.IsCancellationRequested)
        {
            var (connection, fault) = await TryDialAsync();
            (_connection, _fault) = (connection, fault);
            Signal();
            if (connection is not null)
            {
                pause = TimeSpan.Zero;
                await WatchAsync(connection);
                // Whoever comes now waits for the next attempt, which follows at once.
                _connection = null;
                Signal();
                continue;
            }

            pause = Longer(pause);
            await WaitAsync(pause * (0.5 + Random.Shared.NextDouble()));
        }

        _fault ??= new RedisFault(RedisFaultKind.Disconnected, "it is not used any more");
        Signal();
    }

    private async Task<(RedisConnection? Connection, RedisFault? Fault)> TryDialAsync()
    {
        try
        {
            return await _dialer.DialAsync(Address, Pushed, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            return (null, new RedisFault(RedisFaultKind.Disconnected, "it is not used any more"));
        }
    }

    // Until the connection ends, or owes replies for so long that the server must be frozen.
    private async Task WatchAsync(RedisConnection connection)
    {
        while (connection.IsOpen && !_stop.IsCancellationRequested)
        {
            await Task.WhenAny(connection.Closed, WaitAsync(s_lookEvery));
            if (connection.Silence > _dialer.FrozenAfter) connection.Close("the server has stopped answering");
        }

        await connection.DisposeAsync();
    }

    private async Task WaitAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, _time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The loop looks at the token itself.
        }
    }

    private void Signal()
    {
        var before = Interlocked.Exchange(ref _changed, NewSignal());
        before.TrySetResult();
        Changed?.Invoke(this);
    }

    private static TimeSpan Longer(TimeSpan pause)
        => pause == TimeSpan.Zero ? s_shortestPause : pause * 2 < s_longestPause ? pause * 2 : s_longestPause;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
