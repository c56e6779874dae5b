using System.Net;
using System.Net.Sockets;

namespace TierOperator.EndToEnd.Tests;

/// <summary>
/// A Redis client with keys of its own, which sends pipelines and remembers what was acknowledged. Of the commands without an answer
/// any number may have happened, from the first one on.
/// </summary>
internal sealed class RespCrashWriter(int number, int seed)
{
    private const int Keys = 32;
    private const int Fields = 3;
    private readonly Random _random = new(seed);

    /// <summary>By key: what it may look like, oldest first; the last one is what it is when everything sent has happened.</summary>
    private readonly Dictionary<string, List<string>> _possible = [];
    private int _transactions;

    public int Acknowledged { get; private set; }

    /// <summary>Writes until the connection ends.</summary>
    public async Task WriteAsync(IPEndPoint endpoint)
    {
        using var connection = await RespConnection.OpenAsync(endpoint);
        try
        {
            while (true)
            {
                var pipeline = Enumerable.Range(0, _random.Next(1, 12)).Select(_ => Next()).ToList();
                await connection.SendAsync(pipeline.SelectMany(write => write.Commands));
                foreach (var write in pipeline) Settle(write, await connection.ReceiveAsync(write.Commands.Count));
            }
        }
        catch (Exception ended) when (ended is IOException or SocketException)
        {
            // the process is dead; what was under way is doubtful
        }
    }

    /// <summary>Reads everything back; the first difference, or null. What is read is what holds from here on.</summary>
    public async Task<string?> DifferenceAsync(IPEndPoint endpoint)
    {
        using var connection = await RespConnection.OpenAsync(endpoint);
        foreach (var (key, possible) in _possible)
        {
            var found = await ReadAsync(connection, key);
            if (!possible.Contains(found)) return $"{key}: found {Shown(found)}, acknowledged was {string.Join(" or ", possible.Select(Shown))}";
            possible.Clear();
            possible.Add(found);
        }

        var (left, right) = (await ReadAsync(connection, Half("a")), await ReadAsync(connection, Half("b")));
        return left == right ? null : $"half of a transaction: {Shown(left)} and {Shown(right)}";
    }

    private sealed record Write(string Key, string After, IReadOnlyList<string[]> Commands);

    private string Half(string which) => $"pair-{number}-{which}";

    private List<string> Possible(string key)
    {
        if (!_possible.TryGetValue(key, out var possible)) _possible[key] = possible = [""];
        return possible;
    }

    private string Now(string key) => _possible.TryGetValue(key, out var possible) ? possible[^1] : "";

    // Every key keeps its type, so that no command is refused.
    private Write Next()
    {
        var write = Choose(_random.Next(Keys));
        Possible(write.Key).Add(write.After);
        return write;
    }

    private Write Choose(int key)
        => _random.Next(10) switch
        {
            0 => Delete($"s-{number}-{key}"),
            1 => Delete($"h-{number}-{key}"),
            2 or 3 => Count($"n-{number}-{key}"),
            4 or 5 => Field($"h-{number}-{key}", _random.Next(Fields)),
            6 => Both(),
            _ => Set($"s-{number}-{key}"),
        };

    private Write Set(string key)
    {
        var value = Value();
        return new Write(key, value, [["SET", key, value]]);
    }

    private static Write Delete(string key) => new(key, "", [["DEL", key]]);

    private Write Count(string key) => new(key, $"{long.Parse("0" + Now(key)) + 1}", [["INCR", key]]);

    private Write Field(string key, int field)
    {
        var (fields, value) = (Now(key).Split('|'), Value());
        if (fields.Length != Fields) fields = new string[Fields];
        fields[field] = value;
        return new Write(key, string.Join('|', fields), [["HSET", key, $"{field}", value]]);
    }

    private Write Both()
    {
        var value = $"{++_transactions}";
        return new Write(Half("a"), value, [["MULTI"], ["SET", Half("a"), value], ["SET", Half("b"), value], ["EXEC"]]);
    }

    private void Settle(Write write, string lastReply)
    {
        if (lastReply.StartsWith('-')) throw new InvalidOperationException($"{write.Commands[0][0]}: {lastReply}");
        Acknowledged++;
        var possible = _possible[write.Key];
        possible.RemoveRange(0, possible.IndexOf(write.After));
    }

    private static async Task<string> ReadAsync(RespConnection connection, string key)
    {
        if (!key.StartsWith('h')) return await connection.CallAsync("GET", key);
        var fields = new string[Fields];
        for (var field = 0; field < Fields; field++) fields[field] = await connection.CallAsync("HGET", key, $"{field}");
        return Array.TrueForAll(fields, string.IsNullOrEmpty) ? "" : string.Join('|', fields);
    }

    // Never empty, and never the same twice: what is found says which write it was.
    private string Value() => $"{_random.NextInt64()}-{new string('v', _random.Next(_random.Next(8) == 0 ? 60_000 : 3_000))}";

    private static string Shown(string state) => state.Length == 0 ? "nothing" : state.Length <= 60 ? state : $"{state[..60]}… of {state.Length}";
}
