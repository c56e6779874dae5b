using Microsoft.Extensions.Logging;
using TierOperator.Policy.Compiled;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Redis.Native;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// The Redis tier: a session is a hash, with a header and a field per item, so that one item is read alone; a script takes changes
/// where they are newer. The form of what is stored stands in docs/redis.md.
/// </summary>
public sealed class RedisTier : IRemoteTier, ILeasingTier, INativeTier
{
    // A moment that the server can still add to its own.
    private const long MaxExpiryMs = 1L << 47;

    private readonly RedisTierOptions _options;
    private readonly RedisKeys _keys;
    private readonly RedisDialer _dialer;
    private readonly RedisClient _client;
    private readonly RedisMonitor _monitor;
    private readonly RedisReplication _replication;
    private readonly TimeProvider _time;

    public RedisTier(RedisTierOptions options, TimeProvider time, ILogger<RedisTier> logger)
    {
        (_options, _time) = (options, time);
        _keys = new RedisKeys(options.Remote.Namespace, options.Remote.Policy);
        _dialer = RedisTopologies.Dialer(options, time);
#pragma warning disable CA2000 // the client owns it
        _client = new RedisClient(RedisTopologies.Create(options, _dialer, time, logger), time);
#pragma warning restore CA2000
        Native = new NativeServer(options, _keys, time, logger);
        _replication = new RedisReplication(_keys, _dialer, _client, time);
        _monitor = new RedisMonitor(_client, _keys, options, time, logger) { ReplicasSeen = _replication.Note };
    }

    public event Action<RemoteTierState>? StateChanged
    {
        add => _monitor.StateChanged += value;
        remove => _monitor.StateChanged -= value;
    }

    public event Action? Forgot
    {
        add => _monitor.Forgot += value;
        remove => _monitor.Forgot -= value;
    }

    public string? Incarnation => _monitor.Incarnation;

    public void Remember(string incarnation) => _monitor.Remember(incarnation);

    public TierSet Tier => TierSet.Redis;
    public RemoteTierState State => _monitor.State;
    public NativeServer Native { get; }
    public TimeSpan? ClockSkew => _monitor.ClockSkew;
    internal long LargestBytes => _monitor.LargestBytes;

    public void Start() => _monitor.Start();

    /// <summary>The policy's announcements, over a connection of its own. Dispose it before the tier.</summary>
    public IBackplane OpenBackplane() => new RedisBackplane(_client.Topology, _dialer, _keys, _time) { Tracks = _options.Tracks && _client.Topology is not ClusterTopology };

    public async ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
    {
        var (key, deadline) = (_keys.Session(session.Span), Deadline());
        var answer = await _client.ExecuteAsync(RedisKeys.Slot(key), () => new ReadItemCall(key, item) { DeadlineAt = deadline }, cancellationToken);
        return answer.IsFault ? new RemoteItem(RemoteReadStatus.Unavailable) : answer.Value;
    }

    public async ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var (key, bytes, deadline) = (_keys.Session(session.Span), session.ToArray(), Deadline());
        var (slot, tombstone) = (RedisKeys.Slot(key), _keys.Tombstone(session.Span));
        // The tombstone first: were a delete to come between the two, the older floor would be told, never an item that is gone.
        var floor = _client.ExecuteAsync(slot, () => new RedisCommand<ItemVersion>(ReadVersion, "GET"u8.ToArray(), tombstone) { DeadlineAt = deadline }, cancellationToken);
        var held = await _client.ExecuteAsync<RemoteSession>(slot, () => new ReadSessionCall(key, bytes) { DeadlineAt = deadline }, cancellationToken);
        var buried = await floor;
        if (held.IsFault || buried.IsFault)
        {
            held.Value?.Session?.Release();
            return new RemoteSession(RemoteReadStatus.Unavailable);
        }

        var read = held.Value!;
        return read with { Floor = Max(read.Floor, buried.Value), Newest = Max(read.Newest, buried.Value) };
    }

    public ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken) => ApplyEachAsync(changes, static (_, _) => { }, cancellationToken);

    public bool TellsEach => true;

    public async ValueTask<IReadOnlyList<RemoteResult>> ApplyEachAsync(IReadOnlyList<RemoteChange> changes, Action<int, RemoteResult> told, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (running, results) = (new ValueTask<RemoteResult>[changes.Count], new RemoteResult[changes.Count]);
        // A batch of the sync loop may take longer than what a caller waits for.
        var deadline = changes.Count > 1 && _options.Remote.ApplyTimeout > _options.Remote.Timeout ? _client.DeadlineAfter(_options.Remote.ApplyTimeout) : Deadline();
#pragma warning disable CA2012 // all are under way before the first is awaited, each once: so they go in one send
        for (var i = 0; i < running.Length; i++) running[i] = ApplyAndTellAsync(changes[i], deadline, i, told, cancellationToken);
#pragma warning restore CA2012
        for (var i = 0; i < running.Length; i++) results[i] = await running[i];
        return results;
    }

    public ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => new RedisListing(_client, _keys).ListAsync(prefix, after, limit, cancellationToken);

    public async ValueTask<LeaseAnswer> TakeLeaseAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        var (key, deadline) = (_keys.Lease(claim.Session.Span), Deadline());
        return (await _client.ExecuteAsync(RedisKeys.Slot(key), () => RedisLeases.Take(key, claim, deadline), cancellationToken)).Value;
    }

    public async ValueTask EndLeaseAsync(LeaseClaim claim, TimeSpan inVainFor, CancellationToken cancellationToken)
    {
        var (key, deadline) = (_keys.Lease(claim.Session.Span), Deadline());
        await _client.ExecuteAsync(RedisKeys.Slot(key), () => RedisLeases.End(key, claim, inVainFor, deadline), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Native.DisposeAsync();
        await _monitor.DisposeAsync();
        await _replication.DisposeAsync();
        await _client.DisposeAsync();
    }

    // One change's answer does not wait for another's: that may be owed by a server that is away.
    private async ValueTask<RemoteResult> ApplyAndTellAsync(RemoteChange change, long deadline, int place, Action<int, RemoteResult> told, CancellationToken cancellationToken)
    {
        var result = await ApplyOneAsync(change, deadline, cancellationToken);
        if (change.IsReplicated && result.Status == RemoteStatus.Applied) result = await _replication.ConfirmAsync(change, result, _options.Remote.Timeout, cancellationToken);
        told(place, result);
        return result;
    }

    private async ValueTask<RemoteResult> ApplyOneAsync(RemoteChange change, long deadline, CancellationToken cancellationToken)
    {
        if (Refusal(change) is { } refusal) return new RemoteResult(RemoteStatus.Refused) { Detail = refusal };
        // A duration, not a moment: the server's clock need not agree with ours.
        var lasts = Math.Min(change.ExpiresMs, MaxExpiryMs) - _time.GetUtcNow().ToUnixTimeMilliseconds();
        var sent = new RedisChange(change, _keys, lasts) { Compression = _options.Remote.Compression, Announces = _options.Announces, Node = _options.Remote.Node };
        var slot = RedisKeys.Slot(_keys.Session(change.Session.Span));
        var answer = await _client.ExecuteAsync<RemoteResult>(slot, () => new ApplyCall(sent, withSource: false) { DeadlineAt = deadline }, cancellationToken);
        if (answer.Fault?.Code == "NOSCRIPT")
            answer = await _client.ExecuteAsync<RemoteResult>(slot, () => new ApplyCall(sent, withSource: true) { DeadlineAt = deadline }, cancellationToken);
        if (answer.Fault is not { } fault) return answer.Value;
        if (RedisBulkLimit.IsMeantBy(fault)) return new RemoteResult(RemoteStatus.Refused) { Detail = TooLarge("this server takes") };
        var isForGood = fault.Code == "TIERFORMAT";
        return new RemoteResult(isForGood ? RemoteStatus.Refused : RemoteStatus.Unavailable)
        {
            IsAnswered = RedisReasons.HealthOf(fault) == RemoteHealth.ReadOnly,
            IsObjection = RedisReasons.IsAboutTheCommand(fault),
            IsPartAway = _client.Topology.IsPartOnly(slot),
            Detail = isForGood ? fault.Text : RedisReasons.Of(fault, _keys.Prefix),
        };
    }

    private static string TooLarge(string than) => $"A value is larger than {than} (proto-max-bulk-len): raise it and retry the letter, or keep such values in another tier.";

    private string? Refusal(RemoteChange change)
    {
        var largest = _monitor.LargestBytes;
        foreach (var put in change.Puts)
        {
            if (put.Value.Length > largest - StoredItem.MostBesides && StoredItem.LengthOf(put, _options.Remote.Compression) > largest) return TooLarge($"the {largest} bytes that the server takes");
            if (put.Value.Length > StoredItem.MaxValueBytes) return $"A value is larger than the {StoredItem.MaxValueBytes >> 20} MiB that the Redis tier takes: keep it in another tier.";
            if (put.ContentType.Length > ushort.MaxValue / 4) return "A content type is longer than the Redis tier takes.";
        }

        return null;
    }

    private long Deadline() => _client.DeadlineAfter(_options.Remote.Timeout);

    private static ItemVersion Max(ItemVersion one, ItemVersion other) => one > other ? one : other;

    private static ItemVersion ReadVersion(ref RespReader reader) => reader.TryReadBytes(out var bytes) ? VersionBytes.Read(bytes) : ItemVersion.None;
}
