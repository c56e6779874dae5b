using System.Collections.Concurrent;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Asks whether a replica has what a primary has taken (<c>WAIT 1</c>). WAIT blocks its connection and speaks of that connection's own last
/// write: so it has one of its own to each primary, and writes a short-lived key there first. What came before that is replicated when it is.
/// </summary>
/// <remarks>Thread-safe. A primary without replicas is not asked: the primary is all there is.</remarks>
internal sealed class RedisReplication(RedisKeys keys, RedisDialer dialer, RedisClient client, TimeProvider time) : IAsyncDisposable
{
    private const string MarkMs = "1000";
    private readonly ConcurrentDictionary<RedisAddress, RedisNode> _ways = new();
    private readonly ConcurrentDictionary<RedisAddress, bool> _replicated = new();

    /// <summary>What the last look at a primary told of its replicas.</summary>
    public void Note(RedisNode primary, int replicas) => _replicated[primary.Address] = replicas > 0;

    /// <summary>The results, those that a replica was to have and has not as outstanding.</summary>
    public async ValueTask<RemoteResult[]> ConfirmAsync(IReadOnlyList<RemoteChange> changes, RemoteResult[] results, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = client.DeadlineAfter(timeout);
        foreach (var group in Enumerable.Range(0, results.Length).Where(i => changes[i].IsReplicated && results[i].Status == RemoteStatus.Applied).GroupBy(i => NodeOf(changes[i])))
        {
            if (group.Key is not { } node || !_replicated.GetValueOrDefault(node.Address)) continue;
            if (await HasReplicaAsync(node, changes[group.First()].Session, timeout, deadline, cancellationToken)) continue;
            foreach (var i in group)
                results[i] = new RemoteResult(RemoteStatus.Unavailable) { IsAnswered = true, Detail = "The Redis primary has it, and no replica in time: see whether they follow it." };
        }

        return results;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var way in _ways.Values) await way.DisposeAsync();
    }

    private RedisNode? NodeOf(RemoteChange change) => client.Topology.Route(RedisKeys.Slot(keys.Session(change.Session.Span)));

    private async ValueTask<bool> HasReplicaAsync(RedisNode primary, ReadOnlyMemory<byte> session, TimeSpan timeout, long deadline, CancellationToken cancellationToken)
    {
        var way = WayTo(primary.Address);
        if (way.Connection is null && await way.ConnectAsync(deadline, cancellationToken) is null) return false;
        var mark = client.ExecuteOnAsync(way, new RedisCommand<bool>(static (ref RespReader _) => true, "SET"u8.ToArray(), keys.Mark(session.Span), "1"u8.ToArray(), "PX"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes(MarkMs)) { DeadlineAt = deadline }, cancellationToken);
        var wait = await client.ExecuteOnAsync(way, RedisCommand.Parsed(deadline, ReadCount, "WAIT", "1", ((long)timeout.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture)), cancellationToken);
        return !(await mark).IsFault && !wait.IsFault && wait.Value > 0;
    }

    private RedisNode WayTo(RedisAddress address)
    {
        if (_ways.TryGetValue(address, out var known)) return known;
#pragma warning disable CA2000 // kept in the table, or disposed of here
        var made = new RedisNode(address, dialer, time);
#pragma warning restore CA2000
        var way = _ways.GetOrAdd(address, made);
        if (ReferenceEquals(way, made)) made.Start();
        return way;
    }

    private static long ReadCount(ref RespReader reader) => reader.ReadInteger();
}
