using System.Globalization;

namespace TierOperator.Sidecar.Tests.Resp.Native;

/// <summary>What no comparison reply for reply shows: other sidecars, other users of the server, clients that go, a server that is away.</summary>
public sealed class NativeWorldTests : IDisposable
{
    private readonly RedisServer _tier = new();

    public void Dispose() => _tier.Dispose();

    [Fact]
    public async Task Keys_OfTheApp_StandUnderThePolicysPrefixAndNoOther()
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(_tier.Endpoint, name: "mine");
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var server = await RespClient.ConnectAsync(_tier.Endpoint);
        await server.CallAsync("SET", "theirs", "untouched");

        foreach (var command in (string[])["RPUSH l 1", "SADD {t}a x", "ZUNIONSTORE z 1 {t}a", "EVAL return(redis.call('set',KEYS[1],1)) 1 s", "XADD st * f v", "SORT l STORE sorted", "GEOADD g 1 1 m", "GEORADIUS g 1 1 1 km STORE near", "LMOVE l l2 LEFT LEFT"])
            Assert.False((await client.CallAsync(command.Split(' '))).StartsWith('-'), command);
        var keys = await server.CallAsync("KEYS", "*");
        var others = ReplyWords(keys).Where(key => !key.StartsWith("$tier:default/mine:", StringComparison.Ordinal));
        await client.CallAsync("FLUSHALL");

        Assert.Equal(["$theirs"], others);
        Assert.Equal("$untouched", await server.CallAsync("GET", "theirs"));
        Assert.Equal("*[]", await client.CallAsync("KEYS", "*"));
    }

    [Theory]
    [InlineData("return redis.call('get','undeclared')", "1", "k")]
    [InlineData("return redis.call('set',KEYS[1]..'x','v')", "1", "k")]
    [InlineData("return _G.redis.call('get','undeclared')", "0")]
    [InlineData("return loadstring('return redis.call(\"get\",\"undeclared\")')()", "0")]
    [InlineData("return load(function() return nil end)()", "0")]
    [InlineData("return redis.call('flushall')", "0")]
    [InlineData("return redis.call('keys','*')", "0")]
    [InlineData("return redis.call('config','get','*')", "0")]
    [InlineData("return redis.call('sort',KEYS[1],'BY','w_*')", "1", "k")]
    [InlineData("return redis.call('sort',KEYS[1],'STORE','other')", "1", "k")]
    [InlineData("return redis.call('xread','STREAMS','other','0')", "0")]
    [InlineData("return redis.call('zunionstore',KEYS[1],1,'other')", "1", "k")]
    [InlineData("return getmetatable(redis).__index", "0")]
    public async Task Script_ThatLeavesItsKeys_IsRefused(string script, params string[] rest)
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(_tier.Endpoint);
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var server = await RespClient.ConnectAsync(_tier.Endpoint);
        await server.CallAsync("SET", "undeclared", "secret");

        var reply = await client.CallAsync(["EVAL", script, .. rest]);

        Assert.StartsWith("-", reply, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", reply, StringComparison.Ordinal);
        Assert.Equal("$secret", await server.CallAsync("GET", "undeclared"));
    }

    [Fact]
    public async Task TwoSidecars_SeeEachOthersListsScriptsAndMessages()
    {
        await using var first = await RedisTierSidecar.StartAsync(_tier.Endpoint, name: "shared");
        await using var second = await RedisTierSidecar.StartAsync(_tier.Endpoint, name: "shared");
        using var one = await RespClient.ConnectAsync(first.Endpoint);
        using var two = await RespClient.ConnectAsync(second.Endpoint);
        using var listener = await RespClient.ConnectAsync(second.Endpoint);

        await one.CallAsync("RPUSH", "l", "a");
        var length = await two.CallAsync("RPUSH", "l", "b");
        var wrongType = await two.CallAsync("GET", "l");
        await one.CallAsync("SET", "s", "v");
        var wrongWay = await two.CallAsync("LPUSH", "s", "x");
        var sha = (await one.CallAsync("SCRIPT", "LOAD", "return redis.call('llen',KEYS[1])"))[1..];
        var bySha = await two.CallAsync("EVALSHA", sha, "1", "l");
        await listener.CallAsync("SUBSCRIBE", "news");
        await listener.SendAsync("PSUBSCRIBE", "n*");
        await listener.ReceiveAsync();
        var reached = await one.CallAsync("PUBLISH", "news", "hello");

        Assert.Equal(":2", length);
        Assert.StartsWith("-WRONGTYPE", wrongType, StringComparison.Ordinal);
        Assert.StartsWith("-WRONGTYPE", wrongWay, StringComparison.Ordinal);
        Assert.Equal(":2", bySha);
        Assert.NotEqual(":0", reached);
        var messages = new[] { await listener.ReceiveAsync(), await listener.ReceiveAsync() };
        Assert.Equal(["*[$message $news $hello]", "*[$pmessage $n* $news $hello]"], messages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task BlockedClient_ThatGoes_TakesNothing()
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(_tier.Endpoint, name: "blocked");
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var server = await RespClient.ConnectAsync(_tier.Endpoint);
        var gone = await RespClient.ConnectAsync(sidecar.Endpoint);
        await gone.SendAsync("BLPOP", "queue", "0");
        await UntilAsync(async () => await BlockedAsync(server) == 1);

        gone.Dispose();
        await UntilAsync(async () => await BlockedAsync(server) == 0);
        await client.CallAsync("RPUSH", "queue", "job");

        Assert.Equal(":1", await client.CallAsync("LLEN", "queue"));
    }

    [Fact]
    public async Task BlockedClient_IsWokenByAnotherAndOthersAreNotHeldUp()
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(_tier.Endpoint, name: "woken");
        using var waiting = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var server = await RespClient.ConnectAsync(_tier.Endpoint);
        await waiting.SendAsync("BLPOP", "queue", "0");
        await UntilAsync(async () => await BlockedAsync(server) == 1);

        var pushed = await client.CallAsync("RPUSH", "queue", "job");

        Assert.Equal(":1", pushed);
        Assert.Equal("*[$queue $job]", await waiting.ReceiveAsync());
    }

    [Fact]
    public async Task ServerAway_AnswersTierdownAndComesBack()
    {
        var tier = new RedisServer();
        await using var sidecar = await RedisTierSidecar.StartAsync(tier.Endpoint, "write: Behind, ack: Disk");
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var waiting = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var server = await RespClient.ConnectAsync(tier.Endpoint);
        await client.CallAsync("RPUSH", "l", "1");
        await client.CallAsync("SET", "counter", "1");
        await waiting.SendAsync("BLPOP", "queue", "0");
        await UntilAsync(async () => await BlockedAsync(server) == 1);

        tier.Dispose();
        var push = await client.CallAsync("RPUSH", "l", "2");
        var script = await client.CallAsync("EVAL", "return 1", "0");
        var counter = await client.CallAsync("INCR", "counter");
        var present = await client.CallAsync("GET", "counter");
        var plain = await client.CallAsync("SET", "counter", "7");
        var waited = await waiting.ReceiveAsync();

        Assert.StartsWith("-TIERDOWN", push, StringComparison.Ordinal);
        Assert.StartsWith("-TIERDOWN", script, StringComparison.Ordinal);
        Assert.StartsWith("-TIERDOWN", counter, StringComparison.Ordinal);
        Assert.StartsWith("-TIERDOWN", waited, StringComparison.Ordinal);
        Assert.Equal("$1", present);
        Assert.Equal("+OK", plain);
    }

    [Fact]
    public async Task Counter_OfTwoSidecars_LosesNothing()
    {
        await using var first = await RedisTierSidecar.StartAsync(_tier.Endpoint, name: "counted");
        await using var second = await RedisTierSidecar.StartAsync(_tier.Endpoint, name: "counted");

        await Task.WhenAll(CountAsync(first), CountAsync(second), CountAsync(first), CountAsync(second));
        using var client = await RespClient.ConnectAsync(second.Endpoint);

        Assert.Equal("$100", await client.CallAsync("GET", "n"));
    }

    private static async Task CountAsync(RedisTierSidecar sidecar)
    {
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        for (var i = 0; i < 25; i++) Assert.StartsWith(":", await client.CallAsync("INCR", "n"), StringComparison.Ordinal);
    }

    private static async Task<int> BlockedAsync(RespClient server)
    {
        var info = await server.CallAsync("INFO", "clients");
        var at = info.IndexOf("blocked_clients:", StringComparison.Ordinal) + "blocked_clients:".Length;
        return int.Parse(info[at..info.IndexOf('\r', at)], CultureInfo.InvariantCulture);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition()) await Task.Delay(5, patience.Token);
    }

    private static IEnumerable<string> ReplyWords(string reply) => reply[2..^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
