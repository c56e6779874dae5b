using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Keeps the policy's sessions within their capacity on a server that evicts nothing by itself.
/// <list type="number">
/// <item>Each round walks over some of a server's keys and asks what ours among them take.</item>
/// <item>What they take on average, times the server's keys, is the estimate; on a server that one round walks through it is exact.</item>
/// <item>Above the capacity the sessions of the walk that were idle longest go, until the estimate is at 95 % of it.</item>
/// </list>
/// One sidecar at a time trims a server; keys that are not ours are only counted.
/// </summary>
internal sealed class RedisTrimmer(RedisClient client, RedisKeys keys, long capacityBytes, ILogger logger)
{
    private const int KeysPerStep = 500;
    private const int StepsPerRound = 20;
    private const int RememberedKeys = 5000;
    private const string LockMs = "3000";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly string _name = Guid.NewGuid().ToString("N");
    private readonly Dictionary<RedisAddress, Walk> _walks = [];

    private sealed class Walk
    {
        public string Cursor { get; set; } = "0";
        public double Keys { get; set; }
        public double Bytes { get; set; }
    }

    private sealed record Candidate(byte[] Key, long Bytes, long IdleSeconds);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (capacityBytes <= 0) return;
        var primaries = client.Topology.Primaries;
        var removed = 0;
        foreach (var node in primaries)
        {
            if (await HoldsLockAsync(node, cancellationToken)) removed += await TrimAsync(node, capacityBytes / primaries.Count, cancellationToken);
        }

        if (removed > 0) RedisLog.Trimmed(logger, removed);
    }

    private async Task<int> TrimAsync(RedisNode node, long capacity, CancellationToken cancellationToken)
    {
        if (!_walks.TryGetValue(node.Address, out var walk)) _walks[node.Address] = walk = new Walk();
        var removed = 0;
        for (var step = 0; step < StepsPerRound; step++)
        {
            if (await AskAsync(node, ReadNumber, cancellationToken, "DBSIZE"u8.ToArray()) is not { } size) return removed;
            if (await StepAsync(node, walk, cancellationToken) is not { } candidates) return removed;
            var excess = (walk.Keys > 0 ? walk.Bytes / walk.Keys * size : 0) - capacity;
            if (excess > 0) removed += await RemoveAsync(node, walk, candidates, (long)(excess + (capacity * 0.05)), cancellationToken);
            else if (walk.Keys >= Math.Min(size, KeysPerStep)) return removed;
        }

        return removed;
    }

    // Walks on, and weighs what it finds; null when the server did not answer.
    private async Task<List<Candidate>?> StepAsync(RedisNode node, Walk walk, CancellationToken cancellationToken)
    {
        // What was seen long ago counts less and less.
        if (walk.Keys > RememberedKeys) (walk.Keys, walk.Bytes) = (walk.Keys / 2, walk.Bytes / 2);
        if (await AskAsync<ScanStep>(node, ScanStep.Read, cancellationToken, "SCAN"u8.ToArray(), Ascii(walk.Cursor), "COUNT"u8.ToArray(), Ascii(KeysPerStep.ToString(CultureInfo.InvariantCulture))) is not { } step) return null;
        walk.Cursor = step.Cursor;
        var ours = step.Keys.Where(key => key.AsSpan().StartsWith(keys.PrefixBytes)).ToList();
        var weighed = await Task.WhenAll(ours.Select(key => WeighAsync(node, key, cancellationToken)));
        walk.Keys += step.Keys.Count;
        walk.Bytes += weighed.Sum(candidate => candidate.Bytes);
        return [.. weighed.Where(candidate => keys.TryReadSession(candidate.Key, out _))];
    }

    private async Task<Candidate> WeighAsync(RedisNode node, byte[] key, CancellationToken cancellationToken)
    {
        var bytes = AskAsync(node, ReadNumber, cancellationToken, "MEMORY"u8.ToArray(), "USAGE"u8.ToArray(), key);
        // A server that evicts by frequency keeps no idle times: any session may go then.
        var idle = AskAsync(node, ReadNumber, cancellationToken, "OBJECT"u8.ToArray(), "IDLETIME"u8.ToArray(), key);
        return new Candidate(key, await bytes ?? 0, await idle ?? 0);
    }

    private async Task<int> RemoveAsync(RedisNode node, Walk walk, List<Candidate> candidates, long excess, CancellationToken cancellationToken)
    {
        var (freed, going) = (0L, new List<Candidate>());
        // Half of a step at most: those idle longest among a few hundred, not whatever the walk happened to meet.
        foreach (var candidate in candidates.OrderByDescending(candidate => candidate.IdleSeconds).Take((candidates.Count + 1) / 2))
        {
            if (freed >= excess) break;
            freed += candidate.Bytes;
            going.Add(candidate);
        }

        var unlinked = await Task.WhenAll(going.Select(candidate => AskAsync(node, ReadNumber, cancellationToken, "UNLINK"u8.ToArray(), candidate.Key)));
        (walk.Keys, walk.Bytes) = (Math.Max(0, walk.Keys - going.Count), Math.Max(0, walk.Bytes - freed));
        return unlinked.Count(count => count == 1);
    }

    private async Task<bool> HoldsLockAsync(RedisNode node, CancellationToken cancellationToken)
    {
        var name = Ascii(keys.TrimmerLock(keys.NumberFor(client.Topology, node)));
        if (await AskAsync(node, ReadText, cancellationToken, "SET"u8.ToArray(), name, Ascii(_name), "NX"u8.ToArray(), "PX"u8.ToArray(), Ascii(LockMs)) == "OK") return true;
        if (await AskAsync(node, ReadText, cancellationToken, "GET"u8.ToArray(), name) != _name) return false;
        await AskAsync(node, ReadNumber, cancellationToken, "PEXPIRE"u8.ToArray(), name, Ascii(LockMs));
        return true;
    }

    private async Task<T?> AskAsync<T>(RedisNode node, RedisParser<T?> parser, CancellationToken cancellationToken, params ReadOnlyMemory<byte>[] words)
        => (await client.ExecuteOnAsync(node, new RedisCommand<T?>(parser, words) { DeadlineAt = client.DeadlineAfter(s_patience) }, cancellationToken)).Value;

    private static byte[] Ascii(string text) => Encoding.UTF8.GetBytes(text);

    private static long? ReadNumber(ref RespReader reader)
    {
        reader.Next();
        return RespNumber.TryParse(reader.Value, out var number) ? number : null;
    }

    private static string? ReadText(ref RespReader reader) => reader.TryReadBytes(out var text) ? Encoding.UTF8.GetString(text) : null;
}
