using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Keeps the policy's sessions within their capacity on a server that evicts nothing by itself.
/// <list type="number">
/// <item>A round walks over some of a server's keys and asks what ours among them take.</item>
/// <item>What they take on average, times the server's keys, is the estimate; on a server that one walk goes through it is exact.</item>
/// <item>Above the capacity the sessions of the walk that were idle longest go, until the estimate is at 95 % of it.</item>
/// </list>
/// One sidecar at a time trims a server; keys that are not ours are only counted.
/// </summary>
internal sealed class RedisTrimmer(RedisClient client, RedisKeys keys, long capacityBytes, ILogger logger)
{
    private const int KeysPerStep = 250;
    private const int KeysPerWalk = 2000;
    private const int WalksPerRound = 10;
    private const double Target = 0.95;

    /// <summary>Far below the capacity a look every few rounds is enough.</summary>
    private const double Relaxed = 0.7;
    private const int RelaxedRounds = 5;
    private const string LockMs = "10000";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly string _name = Guid.NewGuid().ToString("N");
    private readonly Dictionary<RedisAddress, string> _cursors = [];
    private int _restingRounds;

    private sealed record Candidate(byte[] Key, long Bytes, long IdleSeconds);

    /// <summary>What a walk met: all keys, and what ours take; the sessions among them.</summary>
    private sealed record Walk(int Keys, long Bytes, List<Candidate> Sessions);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (capacityBytes <= 0 || _restingRounds-- > 0) return;
        var (primaries, removed, fullest) = (client.Topology.Primaries, 0, 0.0);
        foreach (var node in primaries)
        {
            if (!await HoldsLockAsync(node, cancellationToken)) continue;
            var (count, share) = await TrimAsync(node, capacityBytes / primaries.Count, cancellationToken);
            (removed, fullest) = (removed + count, Math.Max(fullest, share));
        }

        _restingRounds = fullest < Relaxed ? RelaxedRounds : 0;
        if (removed > 0) RedisLog.Trimmed(logger, removed);
    }

    // How many sessions went, and how full the server was before.
    private async Task<(int Removed, double Share)> TrimAsync(RedisNode node, long capacity, CancellationToken cancellationToken)
    {
        var (removed, share) = (0, 0.0);
        for (var round = 0; round < WalksPerRound; round++)
        {
            if (await WalkAsync(node, cancellationToken) is not { Keys: > 0 } walk) break;
            if (await AskAsync(node, ReadNumber, cancellationToken, "DBSIZE"u8.ToArray()) is not { } size) break;
            var estimate = (double)walk.Bytes / walk.Keys * Math.Max(size, walk.Keys);
            share = Math.Max(share, estimate / capacity);
            if (estimate <= capacity) break;
            removed += await RemoveAsync(node, walk.Sessions, (long)(estimate - (capacity * Target)), walk.Keys >= size, cancellationToken);
        }

        return (removed, share);
    }

    // Goes on where the last walk stopped; null when the server did not answer. A key that SCAN gives twice counts once.
    private async Task<Walk?> WalkAsync(RedisNode node, CancellationToken cancellationToken)
    {
        var (cursor, seen) = (_cursors.GetValueOrDefault(node.Address, "0"), new HashSet<byte[]>(KeyComparer.Instance));
        // A walk that began in the middle ends where the servers' keys have ended twice: so it has met every key.
        var endsLeft = cursor == "0" ? 1 : 2;
        do
        {
            if (await AskAsync<ScanStep>(node, ScanStep.Read, cancellationToken, "SCAN"u8.ToArray(), Utf8(cursor), "COUNT"u8.ToArray(), Utf8(KeysPerStep.ToString(CultureInfo.InvariantCulture))) is not { } step) return null;
            seen.UnionWith(step.Keys);
            cursor = step.Cursor;
            if (cursor == "0") endsLeft--;
        }
        while (seen.Count < KeysPerWalk && endsLeft > 0);

        _cursors[node.Address] = cursor;
        var weighed = await Task.WhenAll(seen.Where(key => key.AsSpan().StartsWith(keys.PrefixBytes)).Select(key => WeighAsync(node, key, cancellationToken)));
        return new Walk(seen.Count, weighed.Sum(candidate => candidate.Bytes), [.. weighed.Where(candidate => keys.TryReadSession(candidate.Key, out _))]);
    }

    private async Task<Candidate> WeighAsync(RedisNode node, byte[] key, CancellationToken cancellationToken)
    {
        var bytes = AskAsync(node, ReadNumber, cancellationToken, "MEMORY"u8.ToArray(), "USAGE"u8.ToArray(), key);
        // A server that evicts by frequency keeps no idle times: any session may go then.
        var idle = AskAsync(node, ReadNumber, cancellationToken, "OBJECT"u8.ToArray(), "IDLETIME"u8.ToArray(), key);
        return new Candidate(key, await bytes ?? 0, await idle ?? 0);
    }

    private async Task<int> RemoveAsync(RedisNode node, List<Candidate> sessions, long excess, bool areAll, CancellationToken cancellationToken)
    {
        var (freed, going) = (0L, new List<Candidate>());
        // Of a sample half at most goes: those idle longest on the server, not whatever one walk happened to meet.
        foreach (var candidate in sessions.OrderByDescending(candidate => candidate.IdleSeconds).Take(areAll ? sessions.Count : (sessions.Count + 1) / 2))
        {
            if (freed >= excess) break;
            freed += candidate.Bytes;
            going.Add(candidate);
        }

        var unlinked = await Task.WhenAll(going.Select(candidate => AskAsync(node, ReadNumber, cancellationToken, "UNLINK"u8.ToArray(), candidate.Key)));
        return unlinked.Count(count => count == 1);
    }

    private async Task<bool> HoldsLockAsync(RedisNode node, CancellationToken cancellationToken)
    {
        var name = Utf8(keys.TrimmerLock(keys.NumberFor(client.Topology, node)));
        if (await AskAsync(node, ReadText, cancellationToken, "SET"u8.ToArray(), name, Utf8(_name), "NX"u8.ToArray(), "PX"u8.ToArray(), Utf8(LockMs)) == "OK") return true;
        if (await AskAsync(node, ReadText, cancellationToken, "GET"u8.ToArray(), name) != _name) return false;
        await AskAsync(node, ReadNumber, cancellationToken, "PEXPIRE"u8.ToArray(), name, Utf8(LockMs));
        return true;
    }

    private async Task<T?> AskAsync<T>(RedisNode node, RedisParser<T?> parser, CancellationToken cancellationToken, params ReadOnlyMemory<byte>[] words)
        => (await client.ExecuteOnAsync(node, new RedisCommand<T?>(parser, words) { DeadlineAt = client.DeadlineAfter(s_patience) }, cancellationToken)).Value;

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static long? ReadNumber(ref RespReader reader)
    {
        reader.Next();
        return RespNumber.TryParse(reader.Value, out var number) ? number : null;
    }

    private static string? ReadText(ref RespReader reader) => reader.TryReadBytes(out var text) ? Encoding.UTF8.GetString(text) : null;
}
