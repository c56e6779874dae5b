using System.Net;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Pub/sub, notifications and tracking over two or three connections, against a real redis-server too.</summary>
public sealed class PubSubTests(RedisServer redis) : IClassFixture<RedisServer>
{
    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public Task Subscribers_OfChannelsAndPatterns_GetWhatRedisSends(string protocol) => BothAsync(async (subscriber, other) =>
    {
        await subscriber.CallAsync("HELLO", protocol);
        var told = new List<string?>
        {
            await subscriber.CallAsync("SUBSCRIBE", "news", "sport"), await subscriber.ReceiveAsync(),
            await subscriber.CallAsync("PSUBSCRIBE", "n?ws", "x*"), await subscriber.ReceiveAsync(),
            await subscriber.CallAsync("SSUBSCRIBE", "shard"),
            await other.CallAsync("PUBLISH", "news", "hello"), await subscriber.ReceiveAsync(), await subscriber.ReceiveAsync(),
            await other.CallAsync("PUBLISH", "nobody", "hello"),
            await other.CallAsync("SPUBLISH", "shard", "hello"), await subscriber.ReceiveAsync(),
            await other.CallAsync("PUBSUB", "NUMSUB", "news", "nobody"),
            await other.CallAsync("PUBSUB", "NUMPAT"),
            await subscriber.CallAsync("PING"), await subscriber.CallAsync("PING", "x"),
            await subscriber.CallAsync("GET", "x"),
            await subscriber.CallAsync("UNSUBSCRIBE", "news"), await subscriber.CallAsync("PUNSUBSCRIBE", "n?ws"), await subscriber.CallAsync("SUNSUBSCRIBE"),
        };
        return told;
    });

    [Fact]
    public Task Notifications_OfEveryFamily_AreRedisOwn() => BothAsync(async (subscriber, other) =>
    {
        string[][] commands =
        [
            ["SET", "k", "v"], ["SET", "k", "v", "EX", "100"], ["APPEND", "k", "w"], ["SETRANGE", "k", "1", "x"], ["SET", "n", "1"], ["INCR", "n"], ["DECRBY", "n", "2"],
            ["INCRBYFLOAT", "n", "1.5"], ["GETEX", "k", "PERSIST"], ["EXPIRE", "k", "100"], ["PERSIST", "k"], ["SETBIT", "b", "1", "1"], ["BITOP", "NOT", "c", "b"],
            ["RENAME", "k", "k2"], ["COPY", "k2", "k3"], ["HSET", "h", "f", "1"], ["HINCRBY", "h", "f", "1"], ["HINCRBYFLOAT", "h", "f", "1"], ["HSETNX", "h", "g", "1"],
            ["HDEL", "h", "f"], ["HDEL", "h", "g"], ["DEL", "k2", "nope"], ["GETDEL", "k3"], ["MSET", "a", "1", "b", "2"], ["EXPIRE", "a", "-1"], ["GETSET", "b", "3"],
        ];
        await other.CallAsync("CONFIG", "SET", "notify-keyspace-events", "KEA");
        await subscriber.CallAsync("PSUBSCRIBE", "__key*");
        var told = new List<string?>();
        foreach (var command in commands) await other.CallAsync(command);
        await other.CallAsync("PUBLISH", "__key_end", "end");
        string? message;
        do told.Add(message = await subscriber.ReceiveAsync());
        while (message is not null && !message.Contains("__key_end", StringComparison.Ordinal));
        await other.CallAsync("CONFIG", "SET", "notify-keyspace-events", "");
        return told;
    });

    [Theory]
    [InlineData("")]
    [InlineData("BCAST")]
    [InlineData("BCAST PREFIX t")]
    [InlineData("NOLOOP")]
    public Task Tracking_ByRedis3Pushes_InvalidatesAsRedisDoes(string options) => BothAsync(async (reader, writer) =>
    {
        await reader.CallAsync("HELLO", "3");
        await writer.CallAsync("MSET", "t1", "1", "t2", "2", "x3", "3");
        await writer.CallAsync("HSET", "th", "f", "1");
        var told = new List<string?> { await reader.CallAsync([.. "CLIENT TRACKING ON".Split(' '), .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]) };
        foreach (var command in (string[])["GET t1", "HGETALL th", "MGET t2 x3"]) told.Add(await reader.CallAsync(command.Split(' ')));
        foreach (var command in (string[])["SET t1 2", "SET t1 3", "HSET th f 2", "DEL x3", "GET t2", "EXPIRE t2 100"]) told.Add(await writer.CallAsync(command.Split(' ')));
        await reader.SendAsync("ECHO", "end");
        string? message;
        do told.Add(message = await reader.ReceiveAsync());
        while (message is not null && message != "$end");
        return told;
    });

    [Fact]
    public Task Tracking_RedirectedInResp2_TellsTheOtherClient() => BothAsync(async (listener, reader) =>
    {
        var id = (await listener.CallAsync("CLIENT", "ID"))[1..];
        var told = new List<string?> { await listener.CallAsync("SUBSCRIBE", "__redis__:invalidate"), await reader.CallAsync("CLIENT", "TRACKING", "ON", "REDIRECT", id) };
        told.Add(await reader.CallAsync("SET", "r", "1"));
        told.Add(await reader.CallAsync("GET", "r"));
        told.Add(await reader.CallAsync("SET", "r", "2"));
        told.Add(await listener.ReceiveAsync());
        return told;
    });

    private async Task BothAsync(Func<RespClient, RespClient, Task<List<string?>>> talk)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);

        var wanted = await TalkAsync(redis.Endpoint, talk);
        var got = await TalkAsync(sidecar.Host.Resp, talk);

        Assert.Equal(wanted, got);
    }

    private static async Task<List<string?>> TalkAsync(IPEndPoint endpoint, Func<RespClient, RespClient, Task<List<string?>>> talk)
    {
        using var first = await RespClient.ConnectAsync(endpoint);
        using var second = await RespClient.ConnectAsync(endpoint);
        await first.CallAsync("FLUSHALL");
        return await talk(first, second);
    }
}
