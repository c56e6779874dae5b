using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Random commands, good and bad, to the sidecar and a real redis-server: the same replies, never a hang.</summary>
public sealed class FuzzTests(RedisServer redis) : IClassFixture<RedisServer>
{
    // Without times: two servers' clocks never agree to the millisecond, and the scripts have those commands.
    private static readonly string[] s_commands =
    [
        "GET", "SET", "SETNX", "GETSET", "GETDEL", "APPEND", "STRLEN", "SETRANGE", "GETRANGE", "INCR", "DECR", "INCRBY", "DECRBY", "MGET", "MSET",
        "MSETNX", "SETBIT", "GETBIT", "BITCOUNT", "BITPOS", "BITOP", "HSET", "HGET", "HDEL", "HLEN", "HSETNX", "HINCRBY", "HEXISTS", "HSTRLEN", "HMGET",
        "DEL", "EXISTS", "TYPE", "RENAME", "RENAMENX", "COPY", "PERSIST", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "PING", "ECHO",
        "LCS", "TOUCH", "UNLINK", "NOSUCH",
    ];

    private static readonly string[] s_words =
    [
        "k1", "k2", "k3", "h1", "h2", "f", "g", "0", "1", "-1", "7", "100", "9223372036854775807", "abc", "", "\0\r\n\xff", "NX", "XX", "PERSIST", "KEEPTTL", "GET",
        "AND", "NOT", "OR", "BIT", "BYTE", "LEN", "IDX", "REPLACE", "5000",
    ];

    [Theory]
    [InlineData("2", "memory")]
    [InlineData("3", "memory")]
    [InlineData("3", "disk")]
    [InlineData("2", "cold")]
    public async Task RandomCommands_AgainstRedis_ReplyTheSame(string protocol, string policy)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Of(policy));
        await FuzzAsync(sidecar.Host.Resp, protocol, s_commands, s_words, 4000, static () => Task.CompletedTask);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task RandomCommands_WithATenthInMemory_ReplyTheSame(string protocol)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Spilled);
        using var pressure = await SpillPressure.StartAsync(sidecar.Host.Resp);
        var before = await pressure.HitsAsync("spillover");

        await FuzzAsync(sidecar.Host.Resp, protocol, s_commands, s_words, 2000, pressure.PressAsync);

        // Else all of it was answered from memory, and this was the test above. Chance chooses the keys: some 80 to 160 are met on disk.
        var hits = await pressure.HitsAsync("spillover") - before;
        Assert.True(hits >= 20, $"only {hits} hits on disk");
    }

    private async Task FuzzAsync(System.Net.IPEndPoint endpoint, string protocol, string[] commands, string[] vocabulary, int count, Func<Task> afterSome)
    {
        var seed = Seed();
        var random = new Random(seed);
        using var ours = await RespClient.ConnectAsync(endpoint);
        using var theirs = await RespClient.ConnectAsync(redis.Endpoint);
        await ours.CallAsync("HELLO", protocol);
        await theirs.CallAsync("HELLO", protocol);
        await theirs.CallAsync("FLUSHALL");

        for (var i = 0; i < count; i++)
        {
            var command = Next(random, commands, vocabulary);
            // To wait for ever is the right answer, and no test.
            if (command[0] == "BLPOP") command = [.. command, "0.01"];
            // Patterns of SORT are refused before anything else is looked at; an id that XADD makes up is the time of day.
            if (command[0] is "SORT" or "XADD") command = [.. command.Where(word => word != "*")];
            // BY a name that is no pattern leaves a set in the order of its hashes, which each server salts for itself.
            if (command[0] == "SORT") command = [.. command.Where(word => word != "BY")];
            var (wanted, got) = (await theirs.CallAsync(command), await ours.CallAsync(command));
            Assert.True(wanted == got, $"seed {seed}, command {i}: {string.Join(' ', command)}\nredis   {wanted}\nsidecar {got}");
            if (i % 4 == 3) await afterSome();
        }
    }

    // Commands that choose by chance, or whose reply has times in it, have their place in the scripts.
    private static readonly string[] s_native =
    [
        "LPUSH", "RPUSH", "LPOP", "RPOP", "LLEN", "LRANGE", "LINDEX", "LSET", "LREM", "LMOVE", "LMPOP", "LPOS", "SADD", "SREM", "SCARD", "SISMEMBER",
        "SINTERCARD", "SINTERSTORE", "SUNIONSTORE", "SMOVE", "ZADD", "ZCARD", "ZSCORE", "ZRANGE", "ZREM", "ZUNIONSTORE", "ZINTER", "ZMPOP", "ZRANGESTORE", "XADD", "XLEN",
        "XRANGE", "XREAD", "XGROUP", "GEOADD", "GEORADIUS", "SORT", "PFADD", "PFCOUNT", "EVAL", "EVAL_RO", "BLPOP", "RPOPLPUSH",
    ];

    private static readonly string[] s_nativeWords =
    [
        "LEFT", "RIGHT", "COUNT", "STORE", "STREAMS", "MIN", "WITHSCORES", "2", "1-1", "*", "return redis.call('get',KEYS[1])", "return redis.call('lpush',KEYS[1],'a')",
        "return {KEYS,ARGV}", "CREATE", "BY", "LIMIT",
    ];

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task RandomCommands_OverARedisTier_ReplyTheSame(string protocol)
    {
        using var tier = new RedisServer();
        await using var sidecar = await Native.RedisTierSidecar.StartAsync(tier.Endpoint);
        await FuzzAsync(sidecar.Endpoint, protocol, [.. s_commands, .. s_native, .. s_native], [.. s_words, .. s_nativeWords], 2000, static () => Task.CompletedTask);
    }

    [Fact]
    public async Task BrokenStreams_AgainstRedis_ReplyTheSameAndClose()
    {
        var seed = Seed();
        var random = new Random(seed);
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        for (var i = 0; i < 300; i++)
        {
            var stream = Broken(random);
            var (wanted, got) = (await TalkAsync(redis.Endpoint, stream), await TalkAsync(sidecar.Host.Resp, stream));
            Assert.True(wanted == got, $"seed {seed}, stream {i}: {Convert.ToHexString(stream)}\nredis   {wanted}\nsidecar {got}");
        }
    }

    private static int Seed() => Environment.GetEnvironmentVariable("TIER_SEED") is { } given ? int.Parse(given) : Random.Shared.Next();

    private static string[] Next(Random random, string[] commands, string[] vocabulary)
    {
        var words = new List<string> { commands[random.Next(commands.Length)] };
        for (var left = random.Next(6); left > 0; left--) words.Add(vocabulary[random.Next(vocabulary.Length)]);
        return [.. words];
    }

    // A few good commands, of which one byte is changed, cut off or doubled.
    private static byte[] Broken(Random random)
    {
        var bytes = new List<byte>();
        for (var left = random.Next(1, 4); left > 0; left--) bytes.AddRange(RespClient.Encode("ECHO", new string('x', random.Next(20))));
        var at = random.Next(bytes.Count);
        switch (random.Next(3))
        {
            case 0:
                bytes[at] = "*$-+09a\r\n \"'\0"u8[random.Next(13)];
                break;
            case 1:
                bytes.RemoveAt(at);
                break;
            default:
                bytes.InsertRange(at, Encoding.ASCII.GetBytes(new string((char)bytes[at], random.Next(1, 4))));
                break;
        }

        return [.. bytes];
    }

    private static async Task<string> TalkAsync(System.Net.IPEndPoint endpoint, byte[] stream)
    {
        using var client = await RespClient.ConnectAsync(endpoint);
        await client.SendRawAsync(stream);
        client.EndSending();
        var replies = new StringBuilder();
        while (await client.ReceiveAsync() is { } reply) replies.Append(reply).Append('|');
        return replies.ToString();
    }
}
