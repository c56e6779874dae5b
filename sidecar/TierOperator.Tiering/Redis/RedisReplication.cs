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
    private readonly ConcurrentDictionary<RedisAddress, Rounds> _rounds = new();

    /// <summary>What the last look at a primary told of its replicas.</summary>
    public void Note(RedisNode primary, int replicas) => _replicated[primary.Address] = replicas > 0;

    /// <summary>The result of a change that the primary has taken; outstanding where a replica was to have it and has not.</summary>
    public async ValueTask<RemoteResult> ConfirmAsync(RemoteChange change, RemoteResult applied, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (client.Topology.Route(RedisKeys.Slot(keys.Session(change.Session.Span))) is not { } node || !_replicated.GetValueOrDefault(node.Address)) return applied;
        var asked = Join(node, change.Session, timeout);
        try
        {
            if (await asked.WaitAsync(timeout, time, cancellationToken)) return applied;
        }
        catch (TimeoutException)
        {
            // as good as a no
        }

        return new RemoteResult(RemoteStatus.Unavailable) { IsAnswered = true, Detail = "The Redis primary has it, and no replica in time: see whether they follow it." };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var way in _ways.Values) await way.DisposeAsync();
    }

    /// <summary>The question to a primary that is asked next, for all who come until then: the one under way says nothing of what it came before.</summary>
    private Task<bool> Join(RedisNode primary, ReadOnlyMemory<byte> session, TimeSpan timeout)
    {
        var rounds = _rounds.GetOrAdd(primary.Address, static _ => new Rounds());
        lock (rounds.Gate) return rounds.Next ??= AskNextAsync(rounds, rounds.Current, primary, session, timeout);
    }

    private async Task<bool> AskNextAsync(Rounds rounds, Task before, RedisNode primary, ReadOnlyMemory<byte> session, TimeSpan timeout)
    {
        await Task.Yield(); // not under the lock of whoever came first
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (rounds.Gate) (rounds.Current, rounds.Next) = (rounds.Next!, null);
        return await HasReplicaAsync(primary, session, timeout, client.DeadlineAfter(timeout), CancellationToken.None);
    }

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

    /// <summary>The question under way to one primary, and the next one.</summary>
    private sealed class Rounds
    {
        public Lock Gate { get; } = new();
        public Task Current { get; set; } = Task.CompletedTask;
        public Task<bool>? Next { get; set; }
    }
}
