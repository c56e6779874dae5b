using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Redis.Native;

/// <summary>A message as it came: the pattern is null where the channel itself was subscribed.</summary>
public sealed record NativeMessage(byte[]? Pattern, byte[] Channel, byte[] Payload);

/// <summary>
/// Subscriptions of this sidecar on the server, over one connection that is opened again when it breaks; what was subscribed is
/// subscribed anew then. What is said meanwhile is lost, as it is for every subscriber of Redis.
/// </summary>
/// <remarks>Thread-safe. Events are raised on the receiving loop and must return at once.</remarks>
public sealed class NativeFeed : IAsyncDisposable
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_frozenAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<byte[], TaskCompletionSource> _channels = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], TaskCompletionSource> _patterns = new(KeyComparer.Instance);
    private readonly IRedisTopology _topology;
    private readonly RedisDialer _dialer;
    private readonly TimeProvider _time;
    private RedisConnection? _connection;
    private Task _loop = Task.CompletedTask;

    internal NativeFeed(IRedisTopology topology, RedisDialer dialer, TimeProvider time) => (_topology, _dialer, _time) = (topology, dialer, time);

    public event Action<NativeMessage>? Received;

    /// <summary>Raised when everything wanted is subscribed on a new connection.</summary>
    public event Action? Opened;

    public bool IsOpen => _connection is { IsOpen: true };

    /// <summary>What is subscribed, or will be when the server is back.</summary>
    public IReadOnlyList<(byte[] Name, bool IsPattern)> Wanted
    {
        get
        {
            lock (_gate) return [.. _channels.Keys.Select(name => (name, false)), .. _patterns.Keys.Select(name => (name, true))];
        }
    }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Ends when the server has confirmed it; at once where it has already.</summary>
    public Task SubscribeAsync(byte[] name, bool isPattern)
    {
        lock (_gate)
        {
            var wanted = isPattern ? _patterns : _channels;
            if (wanted.TryGetValue(name, out var known)) return known.Task;
            wanted[name] = known = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _connection?.Send(new FeedCall(isPattern ? "PSUBSCRIBE" : "SUBSCRIBE", name));
            return known.Task;
        }
    }

    public void Unsubscribe(byte[] name, bool isPattern)
    {
        lock (_gate)
        {
            if ((isPattern ? _patterns : _channels).Remove(name)) _connection?.Send(new FeedCall(isPattern ? "PUNSUBSCRIBE" : "UNSUBSCRIBE", name));
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
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ListenAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(20 + Random.Shared.Next(200)), _time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                // The loop looks at the token itself.
            }
        }
    }

    private async Task ListenAsync()
    {
        if (_topology.Primaries.FirstOrDefault(node => node.Connection is not null) is not { } node) return;
        var (connection, _) = await _dialer.DialAsync(node.Address, OnPush, _stop.Token);
        if (connection is null) return;
        await using (connection)
        {
            lock (_gate)
            {
                _connection = connection;
                foreach (var channel in _channels.Keys) connection.Send(new FeedCall("SUBSCRIBE", channel));
                foreach (var pattern in _patterns.Keys) connection.Send(new FeedCall("PSUBSCRIBE", pattern));
            }

            // Its answer comes behind the confirmations: from then on nothing is missed.
            var behind = RedisCommand.Text(_time.DeadlineAfter(s_frozenAfter), "PING");
            connection.Send(behind);
            if (!(await behind.Answer).IsFault) Opened?.Invoke();
            while (connection.IsOpen && connection.Silence < s_frozenAfter && !_stop.IsCancellationRequested)
            {
                // A ping, so that a frozen server is noticed though nobody writes.
                connection.Send(RedisCommand.Text(long.MaxValue, "PING"));
                await Task.WhenAny(connection.Closed, Task.Delay(s_lookEvery, _time, _stop.Token));
            }

            lock (_gate) _connection = null;
        }
    }

    private void OnPush(RedisPush push)
    {
        switch (push)
        {
            case { Kind: "subscribe" or "psubscribe", Values: [var name, ..] }:
                lock (_gate)
                {
                    if ((push.Kind == "psubscribe" ? _patterns : _channels).TryGetValue(name, out var wanted)) wanted.TrySetResult();
                }

                break;
            case { Kind: "message", Values: [var channel, var payload] }:
                Received?.Invoke(new NativeMessage(null, channel, payload));
                break;
            case { Kind: "pmessage", Values: [var pattern, var channel, var payload] }:
                Received?.Invoke(new NativeMessage(pattern, channel, payload));
                break;
        }
    }

    /// <summary>In RESP3 a subscription is confirmed by a push and has no reply of its own.</summary>
    private sealed class FeedCall(string verb, byte[] name) : RedisCall
    {
        public override bool HasReply => false;

        public override void Write(RespWriter writer, RedisLane lane)
        {
            writer.Array(2);
            writer.Bulk(verb);
            writer.Bulk(name);
        }

        protected override void CompleteReply(RespReader reader)
        {
            // Never called: there is no reply.
        }

        protected override void CompleteFault(RedisFault fault)
        {
            // The connection's end says as much.
        }
    }
}
