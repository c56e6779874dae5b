using System.Globalization;
using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Looks after the tier: its state, and whether a server has lost data. It looks once a second, at once when a connection comes or goes or
/// a server answers with a complaint, and it alone sets the state.
/// </summary>
/// <remarks>
/// Each server has a marker with its replication id and run id. Where the marker is gone, or names others, the server has been emptied,
/// started anew or failed over, and may lack what it had acknowledged.
/// </remarks>
internal sealed class RedisMonitor : IAsyncDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Doorbell _bell = new();
    private readonly Dictionary<int, string> _identities = [];
    private readonly RedisClient _client;
    private readonly RedisKeys _keys;
    private readonly RedisTrimmer _trimmer;
    private readonly RedisBulkLimit _largest;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile RemoteTierState _state = new(RemoteHealth.Connecting, "The Redis tier is connecting.");
    private volatile bool _isDoubted = true;
    private long _skewTicks = long.MinValue;
    private Task _loop = Task.CompletedTask;

    public RedisMonitor(RedisClient client, RedisKeys keys, RedisTierOptions options, TimeProvider time, ILogger logger)
    {
        (_client, _keys, _time, _logger) = (client, keys, time, logger);
        _trimmer = new RedisTrimmer(client, keys, options.CapacityBytes, logger);
        _largest = new RedisBulkLimit(client);
        client.Topology.Changed += Wake;
        client.Refused += OnRefused;
    }

    public event Action<RemoteTierState>? StateChanged;
    public event Action? Forgot;

    public RemoteTierState State => _state;

    /// <inheritdoc cref="IRemoteTier.Incarnation"/>
    public string? Incarnation
    {
        get
        {
            lock (_identities) return _identities.Count == 0 ? null : string.Join(' ', _identities.OrderBy(static seen => seen.Key).Select(static seen => $"{seen.Key}={seen.Value}"));
        }
    }

    /// <inheritdoc cref="IRemoteTier.Remember"/>
    public void Remember(string incarnation)
    {
        foreach (var seen in incarnation.Split(' '))
        {
            var at = seen.IndexOf('=', StringComparison.Ordinal);
            if (at < 0 || !int.TryParse(seen.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) continue;
            lock (_identities) _identities[number] = seen[(at + 1)..];
        }
    }

    /// <summary>The largest argument that the servers take, as far as they tell.</summary>
    public long LargestBytes => _largest.Bytes;

    /// <summary>Told how many replicas a primary has, at each look.</summary>
    public Action<RedisNode, int>? ReplicasSeen { get; init; }

    /// <summary>Of the server that was looked at last.</summary>
    public TimeSpan? ClockSkew => Volatile.Read(ref _skewTicks) is var ticks && ticks != long.MinValue ? TimeSpan.FromTicks(ticks) : null;

    public void Start()
    {
        _client.Topology.Start();
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Topology.Changed -= Wake;
        _client.Refused -= OnRefused;
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _bell.Dispose();
    }

    private void OnRefused(RedisFault fault)
    {
        if (!RedisReasons.IsAboutTheServer(fault) || _isDoubted) return;
        _isDoubted = true;
        _bell.Ring();
    }

    private void Wake() => _bell.Ring();

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await LookAsync();
                if (_state.CanWrite) await _trimmer.RunAsync(_stop.Token);
                // A pause, so that a server that comes and goes is not asked all the time.
                await Task.Delay(s_soon, _time, _stop.Token);
                await _bell.WaitAsync(s_every, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                // The loop looks at the token itself.
            }
            catch (Exception unexpected)
            {
                RedisLog.LookFailed(_logger, unexpected);
                await Task.Delay(s_every, _time, CancellationToken.None);
            }
        }
    }

    private async Task LookAsync()
    {
        var primaries = _client.Topology.Primaries;
        var states = await Task.WhenAll(primaries.Select(LookAtAsync));
        _largest.Settle(primaries);
        // An attempt is under way that may succeed: nothing is known yet.
        if (states.Any(state => state is null) || (primaries.Count == 0 && _client.Topology.Fault is null)) return;

        // A Cluster of which a part is away still serves the rest; calls to that part fail by themselves.
        var best = states.OrderBy(state => (int)state!.Health).FirstOrDefault();
        Become(best ?? new RemoteTierState(RemoteHealth.Unavailable, RedisReasons.Of(_client.Topology.Fault ?? RedisFault.TimedOut, _keys.Prefix)));
    }

    private async Task<RemoteTierState?> LookAtAsync(RedisNode node)
    {
        if (node.Connection is null) return node.Fault is { } away ? StateOf(away) : null;
        var server = await AskAsync(node, "INFO", "server");
        var replication = await AskAsync(node, "INFO", "replication");
        if ((server.Fault ?? replication.Fault) is { } fault) return StateOf(fault);
        await _largest.AskAsync(node, _client.DeadlineAfter(s_patience), _stop.Token);
        Compare(Field(server.Value, "server_time_usec"));
        ReplicasSeen?.Invoke(node, Followers(replication.Value));
        if (Field(replication.Value, "role") != "master") return StateOf(new RedisFault(RedisFaultKind.Server, "READONLY"));
        var identity = $"{Field(replication.Value, "master_replid")}/{Field(server.Value, "run_id")}";
        return await CompareAsync(node, identity) is { } refused ? StateOf(refused) : new RemoteTierState(RemoteHealth.Healthy);
    }

    private void Compare(string serverMicroseconds)
    {
        if (!long.TryParse(serverMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)) return;
        Volatile.Write(ref _skewTicks, (DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds) - _time.GetUtcNow()).Ticks);
    }

    // What stands in the marker decides; then, where something was doubtful, whether the server takes a write.
    private async Task<RedisFault?> CompareAsync(RedisNode node, string identity)
    {
        var number = _keys.NumberFor(_client.Topology, node);
        var marker = await AskAsync(node, "GET", _keys.Marker(number));
        if (marker.Fault is not null) return marker.Fault;
        var isAsBefore = marker.Value == identity;
        if (!isAsBefore || _isDoubted || !_state.CanWrite)
        {
            var written = await AskAsync(node, "SET", _keys.Marker(number), identity);
            if (written.Fault is not null) return written.Fault;
            if (await RefusesScriptsAsync(node) is { } refused) return refused;
        }

        string? before;
        lock (_identities) before = _identities.GetValueOrDefault(number);

        // Another sidecar may have renewed the marker already, or this one before it ended: what it saw last counts too.
        if (!isAsBefore || (before is not null && before != identity)) Forget();
        lock (_identities) _identities[number] = identity;
        return null;
    }

    // Every change goes through a script. One that no server has is answered with NOSCRIPT, unless scripts are not to be had at all.
    private async Task<RedisFault?> RefusesScriptsAsync(RedisNode node)
        => (await AskAsync(node, "EVALSHA", new string('0', 40), "0")).Fault is { } fault && fault.Code != "NOSCRIPT" ? fault : null;

    private void Forget()
    {
        RedisLog.Forgot(_logger);
        Forgot?.Invoke();
    }

    private ValueTask<RedisAnswer<string?>> AskAsync(RedisNode node, params string[] words)
        => _client.ExecuteOnAsync(node, RedisCommand.Text(_client.DeadlineAfter(s_patience), words), _stop.Token);

    private RemoteTierState StateOf(RedisFault fault) => new(RedisReasons.HealthOf(fault), RedisReasons.Of(fault, _keys.Prefix));

    private void Become(RemoteTierState state)
    {
        _isDoubted = state.Health != RemoteHealth.Healthy;
        if (state == _state) return;
        _state = state;
        if (state.Health == RemoteHealth.Healthy) RedisLog.Healthy(_logger);
        else RedisLog.Troubled(_logger, state.Health, state.Reason ?? "");
        StateChanged?.Invoke(state);
    }

    // One that takes the whole of the data over just now counts when it has it: until then it acknowledges nothing, and the primary is all there is.
    private static int Followers(string? info)
        => (info ?? "").Split('\n').Count(static line => line.StartsWith("slave", StringComparison.Ordinal) && line.Contains("state=online", StringComparison.Ordinal));

    private static string Field(string? info, string name)
    {
        foreach (var line in (info ?? "").Split('\n'))
        {
            if (line.StartsWith(name + ":", StringComparison.Ordinal)) return line[(name.Length + 1)..].Trim();
        }

        return "";
    }
}
