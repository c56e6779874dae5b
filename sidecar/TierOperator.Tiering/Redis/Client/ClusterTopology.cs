using System.Text;
using Microsoft.Extensions.Logging;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// A Cluster: which server has which slot, as any of its servers tells. The map is asked for anew at the first doubt (a redirection, a broken
/// connection, a refusal), again and again at short intervals until all servers in it are connected, and every few seconds otherwise.
/// </summary>
internal sealed class ClusterTopology : IRedisTopology
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly IReadOnlyList<RedisAddress> _seeds;
    private readonly RedisDialer _dialer;
    private readonly TimeProvider _time;
    private readonly TopologyWatch _watch;
    private readonly Dictionary<RedisAddress, RedisNode> _nodes = [];
    private volatile Map _map = new([], []);
    private RedisFault? _fault;

    public ClusterTopology(IReadOnlyList<RedisAddress> seeds, RedisDialer dialer, TimeProvider time, ILogger logger)
    {
        (_seeds, _dialer, _time) = (seeds, dialer, time);
        _watch = new TopologyWatch(RefreshAsync, s_every, time, logger);
    }

    /// <summary>Immutable; replaced as a whole.</summary>
    private sealed record Map(RedisNode?[] Slots, IReadOnlyList<RedisNode> Primaries);

    private sealed record SlotRange(int First, int Last, RedisAddress Primary, IReadOnlyList<RedisAddress> Replicas);

    public event Action? Changed;

    public IReadOnlyList<RedisNode> Primaries => _map.Primaries;
    public RedisFault? Fault => _map.Primaries.Count > 0 ? null : Volatile.Read(ref _fault);

    public void Start() => _watch.Start();

    public RedisNode? Route(int slot) => _map.Slots is { Length: > 0 } slots ? slots[slot] : null;

    public RedisNode? At(RedisAddress address) => address.Host.Length == 0 ? null : NodeAt(address);

    public void Doubt() => _watch.Doubt();

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        RedisNode[] nodes;
        lock (_gate) nodes = [.. _nodes.Values];
        foreach (var node in nodes) await node.DisposeAsync();
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var ranges = await AskAnyAsync(cancellationToken);
        if (ranges is null)
        {
            _watch.Doubt();
            Changed?.Invoke();
            return;
        }

        var slots = new RedisNode?[RedisSlot.Count];
        foreach (var range in ranges) Array.Fill(slots, NodeAt(range.Primary), range.First, range.Last - range.First + 1);
        var primaries = slots.Where(node => node is not null).Select(node => node!).Distinct().ToList();
        _map = new Map(slots, primaries);
        // Until a primary is connected, and no slot is without one, a failover may be under way.
        if (slots.Any(node => node is null) || primaries.Any(node => node.Connection is null)) _watch.Doubt();
        await ForgetOthersAsync([.. ranges.SelectMany(range => range.Replicas.Append(range.Primary))]);
        Changed?.Invoke();
    }

    // The servers in use are asked first, all at once, because one of them may be frozen; the newest answer is not to be told from an older
    // one, so the most frequent kind of doubt, a redirection, is resolved by asking again.
    private async Task<IReadOnlyList<SlotRange>?> AskAnyAsync(CancellationToken cancellationToken)
    {
        RedisNode[] connected;
        lock (_gate) connected = [.. _nodes.Values.Where(node => node.Connection is not null)];
        foreach (var node in connected.OrderBy(_ => Random.Shared.Next()))
        {
            if (await AskAsync(node, cancellationToken) is { } answer) return answer;
        }

        foreach (var seed in _seeds)
        {
            if (await AskAsync(NodeAt(seed), cancellationToken) is { } answer) return answer;
        }

        return null;
    }

    private async Task<IReadOnlyList<SlotRange>?> AskAsync(RedisNode node, CancellationToken cancellationToken)
    {
        var deadline = _time.DeadlineAfter(s_patience);
        var connection = node.Connection ?? await node.ConnectAsync(deadline, cancellationToken);
        if (connection is null)
        {
            Volatile.Write(ref _fault, node.Fault ?? RedisFault.TimedOut);
            return null;
        }

        var call = RedisCommand.Parsed<IReadOnlyList<SlotRange>>(deadline, (ref RespReader reader) => ReadRanges(ref reader, node.Address), "CLUSTER", "SLOTS");
        connection.Send(call);
        var answer = await call.Answer;
        if (answer.Fault is not null) Volatile.Write(ref _fault, answer.Fault);
        if (answer.Value is { Count: 0 }) Volatile.Write(ref _fault, new RedisFault(RedisFaultKind.Disconnected, "its Cluster serves no slots (CLUSTERDOWN): form it with redis-cli --cluster create"));
        return answer.Value is { Count: > 0 } ranges ? ranges : null;
    }

    private RedisNode NodeAt(RedisAddress address)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(address, out var known)) return known;
            var node = new RedisNode(address, _dialer, _time) { Changed = OnNodeChanged };
            _nodes[address] = node;
            node.Start();
            return node;
        }
    }

    private void OnNodeChanged(RedisNode node)
    {
        if (node.Connection is null) Doubt();
        Changed?.Invoke();
    }

    // Servers that left the Cluster are not kept connected; replicas are, because one of them comes next.
    private async Task ForgetOthersAsync(HashSet<RedisAddress> members)
    {
        RedisNode[] gone;
        lock (_gate)
        {
            gone = [.. _nodes.Values.Where(node => !members.Contains(node.Address) && !_seeds.Contains(node.Address))];
            foreach (var node in gone) _nodes.Remove(node.Address);
        }

        foreach (var member in members) NodeAt(member);
        foreach (var node in gone) await node.DisposeAsync();
    }

    // [first, last, [host, port, id, …], replicas…]…; an empty or null host is the asked server's own.
    private static List<SlotRange> ReadRanges(ref RespReader reader, RedisAddress asked)
    {
        var ranges = new List<SlotRange>();
        for (var left = reader.ReadCount(); left > 0; left--)
        {
            var parts = reader.ReadCount();
            var (first, last) = ((int)reader.ReadInteger(), (int)reader.ReadInteger());
            var servers = new List<RedisAddress>();
            for (var i = 2; i < parts; i++) servers.Add(ReadServer(ref reader, asked));
            if (first < 0 || last >= RedisSlot.Count || first > last || servers.Count == 0) throw new RespException("CLUSTER SLOTS answers ranges of slots with servers");
            ranges.Add(new SlotRange(first, last, servers[0], servers[1..]));
        }

        return ranges;
    }

    private static RedisAddress ReadServer(ref RespReader reader, RedisAddress asked)
    {
        var fields = reader.ReadCount();
        var host = reader.TryReadBytes(out var name) && name.Length > 0 ? Encoding.UTF8.GetString(name) : asked.Host;
        var port = (int)reader.ReadInteger();
        for (var i = 2; i < fields; i++)
        {
            reader.Next();
            reader.Skip();
        }

        return new RedisAddress(host, port);
    }
}
