using System.Buffers.Binary;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Hears what other sidecars write: a subscription to the policy's channel, on a connection of its own to one of the primaries; a Cluster
/// hands announcements on to all its servers.
/// </summary>
/// <remarks>
/// The script's announcement carries session, version and node, is numbered, and is made for changes only. Beside it the server is asked for its
/// own word (client tracking by prefix), which is no more than a key's name, and also for a mere touch: of it counts only what nobody
/// announced (<see cref="TrackedKeys"/>). Where it cannot be had (no rights; a Cluster, whose servers tell of their own keys only) the
/// announcements stand alone.
/// </remarks>
internal sealed class RedisBackplane : IBackplane
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_frozenAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly RedisLanes _lanes = new();
    private readonly IRedisTopology _topology;
    private readonly RedisDialer _dialer;
    private readonly RedisKeys _keys;
    private readonly TrackedKeys _tracked;
    private readonly TimeProvider _time;
    private volatile BackplaneWay _way;
    private bool _isTracking;
    private long _listeningSince;
    private Task _loop = Task.CompletedTask;

    public RedisBackplane(IRedisTopology topology, RedisDialer dialer, RedisKeys keys, TimeProvider time)
        => (_topology, _dialer, _keys, _tracked, _time) = (topology, dialer, keys, new TrackedKeys(keys), time);

    public event Action<RemoteAnnouncement>? Announced;
    public event Action? Gap;

    public bool IsConnected => _way != BackplaneWay.None;
    public BackplaneWay Way => _way;

    /// <summary>Whether the server is asked for its own word of changes.</summary>
    public bool Tracks { get; init; }

    public void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = TimeSpan.FromMilliseconds(20);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (await ListenAsync()) pause = TimeSpan.FromMilliseconds(20);
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), _time, _stop.Token);
                pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
            }
            catch (OperationCanceledException)
            {
                // The loop looks at the token itself.
            }
        }
    }

    // Until the connection breaks; true when it was there at all.
    private async Task<bool> ListenAsync()
    {
        var connected = _topology.Primaries.Where(node => node.Connection is not null).ToArray();
        if (connected.Length == 0) return false;
        var node = connected[Random.Shared.Next(connected.Length)];
        var (connection, _) = await _dialer.DialAsync(node.Address, OnPush, _stop.Token);
        if (connection is null) return false;
        await using (connection)
        {
            // Before the subscription: once that is confirmed, nothing escapes either.
            _isTracking = Tracks && await TrackAsync(connection);
            connection.Send(new SubscribeCall(_keys.Channel));
            while (connection.IsOpen && connection.Silence < s_frozenAfter)
            {
                // A ping, so that a frozen server is noticed though nobody writes.
                connection.Send(RedisCommand.Text(long.MaxValue, "PING"));
                await Task.WhenAny(connection.Closed, Task.Delay(s_lookEvery, _time, _stop.Token));
                if (_stop.IsCancellationRequested) break;
            }
        }

        var wasConnected = IsConnected;
        _way = BackplaneWay.None;
        return wasConnected;
    }

    private async Task<bool> TrackAsync(RedisConnection connection)
    {
        var call = RedisCommand.Text(
            _time.DeadlineAfter(s_frozenAfter),
            ["CLIENT", "TRACKING", "ON", "BCAST", .. _keys.ChangedPrefixes.SelectMany(static prefix => new[] { "PREFIX", prefix })]);
        connection.Send(call);
        return (await call.Answer).Fault is null;
    }

    private void OnPush(RedisPush push)
    {
        switch (push.Kind)
        {
            case "subscribe":
                _lanes.Clear();
                _tracked.Clear();
                _listeningSince = _time.GetTimestamp();
                _way = _isTracking ? BackplaneWay.Tracking : BackplaneWay.PubSub;
                // Whatever was said before is lost.
                Gap?.Invoke();
                break;
            case "message" when push.Values is [_, var payload] && payload.Length >= RedisLane.HeadBytes + 1 + VersionBytes.Length:
                Hear(payload);
                break;
            case "invalidate" when push.Values.Count == 0:
                // All of the server was emptied.
                Gap?.Invoke();
                break;
            case "invalidate":
                foreach (var session in _tracked.Unannounced(push.Values)) Announced?.Invoke(new RemoteAnnouncement(session, ItemVersion.None, 0));
                break;
        }
    }

    private void Hear(byte[] payload)
    {
        var head = payload.AsSpan();
        var (lane, number) = (BinaryPrimitives.ReadUInt64BigEndian(head), BinaryPrimitives.ReadUInt32BigEndian(head[8..]));
        var age = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32BigEndian(head[12..]));
        if (_lanes.IsGap(lane, number, age, _time.GetElapsedTime(_listeningSince))) Gap?.Invoke();
        // What changed nothing is sent for its number alone ('0'), a touch ('2') for whom the server's own word of it might alarm.
        var kind = head[RedisLane.HeadBytes];
        if (kind == (byte)'0') return;
        var rest = RedisLane.HeadBytes + 1;
        if (_isTracking) _tracked.Announced(payload.AsSpan(rest + VersionBytes.Length));
        if (kind != (byte)'1') return;
        Announced?.Invoke(new RemoteAnnouncement(
            payload.AsMemory(rest + VersionBytes.Length), VersionBytes.Read(head[rest..]), BinaryPrimitives.ReadUInt32BigEndian(head[16..])));
    }
}
