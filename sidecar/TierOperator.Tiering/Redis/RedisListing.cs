using System.Text;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Lists sessions by walking over the servers' keys (SCAN with a pattern), keeping the smallest that are wanted. A walk costs as much as
/// the servers have keys, so it is for people and tools; it holds one page in memory.
/// </summary>
internal sealed class RedisListing(RedisClient client, RedisKeys keys)
{
    private const string KeysPerStep = "1000";
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(2);

    public async ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
    {
        var found = new SortedSet<byte[]>(Comparer<byte[]>.Create(static (one, other) => one.AsSpan().SequenceCompareTo(other)));
        var nodes = client.Topology.Primaries;
        if (nodes.Count == 0) return new RemoteListing(RemoteReadStatus.Unavailable, []);
        foreach (var node in nodes)
        {
            for (var cursor = ""; cursor != "0";)
            {
                var answer = await client.ExecuteOnAsync(node, Scan(cursor.Length == 0 ? "0" : cursor, prefix), cancellationToken);
                if (answer.Value is not { } step) return new RemoteListing(RemoteReadStatus.Unavailable, []);
                Keep(found, step.Keys, after.Span, limit);
                cursor = step.Cursor;
            }
        }

        return new RemoteListing(RemoteReadStatus.Found, [.. found.Select(key => new RemoteListed(key, 0, 0, 0))]);
    }

    private void Keep(SortedSet<byte[]> found, IReadOnlyList<byte[]> names, ReadOnlySpan<byte> after, int limit)
    {
        foreach (var name in names)
        {
            if (!keys.TryReadSession(name, out var session) || session.AsSpan().SequenceCompareTo(after) <= 0) continue;
            found.Add(session);
            if (found.Count > limit) found.Remove(found.Max!);
        }
    }

    private RedisCommand<ScanStep> Scan(string cursor, ReadOnlyMemory<byte> prefix) => new(
        ScanStep.Read, "SCAN"u8.ToArray(), Encoding.ASCII.GetBytes(cursor), "MATCH"u8.ToArray(), keys.Pattern(prefix.Span), "COUNT"u8.ToArray(), Encoding.ASCII.GetBytes(KeysPerStep))
    {
        DeadlineAt = client.DeadlineAfter(s_step),
    };
}
