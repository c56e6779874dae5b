using System.Net.Sockets;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// One connection, shared by all callers.
/// <list type="number">
/// <item>A call is written behind those that wait; whoever finds no send under way starts one, and it takes along all that has gathered.</item>
/// <item>Replies come in the order of the calls: the receiving loop gives each to the first of the queue.</item>
/// <item>A caller whose deadline has come leaves; its place stays, for the reply that may still come.</item>
/// <item>Any fault of the stream ends the connection and every call on it.</item>
/// </list>
/// </summary>
/// <remarks>Thread-safe. Queue and unsent bytes are bounded: beyond that a call is refused at once.</remarks>
internal sealed partial class RedisConnection : IThreadPoolWorkItem, IAsyncDisposable
{
    /// <summary>How a fault begins whose server speaks otherwise than Redis.</summary>
    public const string BrokeProtocol = "the server broke the protocol: ";

    private const int MaxPendingCalls = 16 * 1024;
    private const int MaxUnsentBytes = 64 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<RedisCall> _pending = new();
    private readonly RespFrameScanner _scanner;
#pragma warning disable CA2213 // given back by the loops that use them: an array returned under a running send would be somebody else's
    private readonly RespBuffer _received = new();
    private RespWriter _filling = new(16 * 1024);
    private RespWriter _sending = new(16 * 1024);
#pragma warning restore CA2213
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly RedisLane _lane;
    private readonly ITimer _sweep;
    private bool _isSending;
    private string? _fault;
    private long _heardAt;
    private long _askedAt;
    private long _sweepAt = long.MaxValue;

    public RedisConnection(Stream stream, TimeProvider time, RespLimits? limits = null)
    {
        (_stream, _time, _lane, _scanner) = (stream, time, new RedisLane(time), new RespFrameScanner(limits ?? new RespLimits()));
        _heardAt = time.GetTimestamp();
        _sweep = time.CreateTimer(static self => ((RedisConnection)self!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised on the receiving loop for what the server says unasked; must return at once.</summary>
    public Action<RedisPush>? Pushed { get; set; }

    /// <summary>Ends, with the reason, when the connection does.</summary>
    public Task<string> Closed => _closed.Task;
    public bool IsOpen => _fault is null;

    /// <summary>How long the server has said nothing while something was asked of it; zero when nothing waits.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_gate) return _pending.Count == 0 ? TimeSpan.Zero : _time.GetElapsedTime(Math.Max(_heardAt, _askedAt));
        }
    }

    public void Start() => _ = ReceiveAsync();

    /// <summary>Sends a call, or two that must stand next to each other. A call that cannot be sent fails here.</summary>
    public void Send(RedisCall call, RedisCall? before = null)
    {
        RedisFault? refused;
        var starts = false;
        lock (_gate)
        {
            refused = Refuse_NeedsLock();
            if (refused is null)
            {
                if (_pending.Count == 0) _askedAt = _time.GetTimestamp();
                if (before is not null) Enqueue_NeedsLock(before);
                Enqueue_NeedsLock(call);
                starts = !_isSending;
                _isSending = true;
                if (call.DeadlineAt < _sweepAt) SweepAt_NeedsLock(call.DeadlineAt);
            }
        }

        if (starts) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        if (refused is null) return;
        before?.Fail(refused);
        call.Fail(refused);
    }

    /// <summary>Ends the connection; every call on it fails.</summary>
    public void Close(string reason)
    {
        RedisCall[] orphans;
        lock (_gate)
        {
            if (_fault is not null) return;
            _fault = reason;
            orphans = [.. _pending];
            _pending.Clear();
        }

        _sweep.Dispose();
        _stream.Dispose();
        var fault = new RedisFault(RedisFaultKind.Disconnected, reason);
        foreach (var call in orphans) call.Fail(fault);
        _closed.TrySetResult(reason);
    }

    public ValueTask DisposeAsync()
    {
        Close("it was closed here");
        return ValueTask.CompletedTask;
    }

    void IThreadPoolWorkItem.Execute() => _ = SendLoopAsync();

    private RedisFault? Refuse_NeedsLock()
    {
        if (_fault is not null) return new RedisFault(RedisFaultKind.Disconnected, _fault);
        return _pending.Count >= MaxPendingCalls || _filling.Length > MaxUnsentBytes ? RedisFault.QueueFull : null;
    }

    private void Enqueue_NeedsLock(RedisCall call)
    {
        call.Write(_filling, _lane);
        if (call.HasReply) _pending.Enqueue(call);
    }

    private async Task SendLoopAsync()
    {
        try
        {
            while (TakeBatch())
            {
                await _stream.WriteAsync(_sending.Written);
                _sending.Clear();
            }
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            Close(Describe(broken));
        }
    }

    private bool TakeBatch()
    {
        lock (_gate)
        {
            _isSending = _filling.Length > 0 && _fault is null;
            if (_isSending) (_filling, _sending) = (_sending, _filling);
            return _isSending;
        }
    }

    // Calls with different deadlines share the queue, so all of it is looked at: a few microseconds, and only when the first of them has come.
    private void Sweep()
    {
        List<RedisCall> late = [];
        lock (_gate)
        {
            var (now, next) = (_time.GetTimestamp(), long.MaxValue);
            foreach (var call in _pending)
            {
                if (call.IsDone) continue;
                if (call.DeadlineAt <= now) late.Add(call);
                else next = Math.Min(next, call.DeadlineAt);
            }

            SweepAt_NeedsLock(next);
        }

        foreach (var call in late) call.Fail(RedisFault.TimedOut);
    }

    private void SweepAt_NeedsLock(long deadlineAt)
    {
        _sweepAt = deadlineAt;
        if (deadlineAt == long.MaxValue || _fault is not null) return;
        var left = _time.GetElapsedTime(_time.GetTimestamp(), deadlineAt);
        _sweep.Change(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(left.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }

    private static string Describe(Exception broken) => broken is RespException
        ? BrokeProtocol + broken.Message
        : "the connection broke" + (broken.InnerException is SocketException socket ? $" ({socket.SocketErrorCode})" : "");
}
