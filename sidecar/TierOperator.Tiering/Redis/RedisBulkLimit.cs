using System.Collections.Concurrent;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// The largest argument that the servers take (<c>proto-max-bulk-len</c>). One byte more and a server ends the connection, with every call on it:
/// so it is asked for, and what is larger is not sent.
/// </summary>
/// <remarks>Thread-safe. A user without the right to CONFIG GET is asked for once; then only the server's own complaint tells, at that price.</remarks>
internal sealed class RedisBulkLimit(RedisClient client)
{
    private readonly ConcurrentDictionary<RedisNode, long> _limits = new();
    private volatile bool _isDenied;

    public long Bytes { get; private set; } = long.MaxValue;

    public async ValueTask AskAsync(RedisNode node, long deadlineAt, CancellationToken cancellationToken)
    {
        if (_isDenied) return;
        var answer = await client.ExecuteOnAsync(node, RedisCommand.Parsed(deadlineAt, Read, "CONFIG", "GET", "proto-max-bulk-len"), cancellationToken);
        if (answer.Fault is { Kind: RedisFaultKind.Server }) _isDenied = true;
        if (answer is { IsFault: false, Value: > 0 and var bytes }) _limits[node] = bytes;
    }

    /// <summary>The smallest of those servers that are in use.</summary>
    public void Settle(IReadOnlyList<RedisNode> primaries)
    {
        foreach (var node in _limits.Keys)
            if (!primaries.Contains(node)) _limits.TryRemove(node, out _);
        Bytes = _limits.IsEmpty ? long.MaxValue : _limits.Values.Min();
    }

    /// <summary>The server's complaint about an argument that was too large for it.</summary>
    public static bool IsMeantBy(RedisFault fault) => fault.Code == "ERR" && fault.Text.Contains("invalid bulk length", StringComparison.Ordinal);

    // A map of one, or in the older protocol a list of two.
    private static long Read(ref RespReader reader)
    {
        if (reader.ReadCount() < 2) return 0;
        reader.Next();
        return reader.ReadInteger();
    }
}
