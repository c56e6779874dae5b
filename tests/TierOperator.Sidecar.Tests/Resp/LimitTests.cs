using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>What a hostile or careless client meets: an error in Redis' words or a closed connection.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData("*1000000000000\r\n", "-ERR Protocol error: invalid multibulk length")]
    [InlineData("*x\r\n", "-ERR Protocol error: invalid multibulk length")]
    [InlineData("*1\r\n$9999999999\r\n", "-ERR Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length")]
    [InlineData("*1\r\n:5\r\n", "-ERR Protocol error: expected '$', got ':'")]
    [InlineData("SET \"a\r\n", "-ERR Protocol error: unbalanced quotes in request")]
    public async Task BrokenFrame_IsAnErrorAndTheEnd(string sent, string error)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        await client.SendRawAsync(Encoding.Latin1.GetBytes(sent));

        Assert.Equal(error, await client.ReceiveAsync());
        Assert.Null(await client.ReceiveAsync());
    }

    [Fact]
    public async Task MegabyteInlineCommand_IsRefusedAndClosed()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        await client.SendRawAsync(Encoding.Latin1.GetBytes(new string('x', 100_000)));

        Assert.Equal("-ERR Protocol error: too big inline request", await client.ReceiveAsync());
    }

    [Fact]
    public async Task TooManyClients_AreToldAndClosed()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory, "--max-connections", "2");
        using var first = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var second = await RespClient.ConnectAsync(sidecar.Host.Resp);
        Assert.Equal("+PONG", await first.CallAsync("PING"));
        Assert.Equal("+PONG", await second.CallAsync("PING"));

        using var third = await RespClient.ConnectAsync(sidecar.Host.Resp);

        Assert.Equal("-ERR max number of clients reached", await third.ReceiveAsync());
    }

    [Fact]
    public async Task ClientThatNeverReads_IsNotAnsweredWithoutEnd()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var other = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await client.CallAsync("SET", "big", new string('x', 60_000));
        var gets = Enumerable.Repeat(RespClient.Encode("GET", "big"), 1000).SelectMany(command => command).ToArray();

        await client.SendRawAsync(gets);

        // 60 MB were asked for; what is held for this client stays about a megabyte, and others are served.
        var line = (await other.CallAsync("CLIENT", "LIST")).Split('\n')[0];
        var unsent = long.Parse(line.Split(' ').Single(word => word.StartsWith("obl=", StringComparison.Ordinal))[4..]);
        Assert.InRange(unsent, 0, 2 * 1024 * 1024);
        for (var i = 0; i < 1000; i++) Assert.Equal(60_001, (await client.ReceiveAsync())!.Length);
    }

    [Fact]
    public async Task ClientThatReadsWhileItIsAnswered_GetsEveryReply()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await client.CallAsync("SET", "big", new string('x', 60_000));
        var gets = Enumerable.Repeat(RespClient.Encode("GET", "big"), 100).SelectMany(command => command).ToArray();

        for (var round = 0; round < 30; round++)
        {
            await client.SendRawAsync(gets);
            for (var i = 0; i < 100; i++) Assert.Equal(60_001, (await client.ReceiveAsync())!.Length);
        }
    }

    [Fact]
    public async Task HalfFrames_CutAtEveryByte_LeaveNothingBehind()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        var frame = RespClient.Encode("SET", "key", "value");
        for (var length = 0; length < frame.Length; length++)
        {
            using var cut = await RespClient.ConnectAsync(sidecar.Host.Resp);
            await cut.SendRawAsync(frame.AsMemory(0, length));
            cut.EndSending();
            Assert.Null(await cut.ReceiveAsync());
        }

        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        Assert.Equal("nil", await client.CallAsync("GET", "key"));
        Assert.Single((await client.CallAsync("CLIENT", "LIST")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("disk")]
    [InlineData("cold")]
    public async Task ClientThatEndsSending_HearsWhatItAskedFor(string policy)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Of(policy));
        for (var round = 0; round < 20; round++)
        {
            using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

            await client.SendRawAsync("SET key value\r\nGET key\r\nINCR n\r\n"u8.ToArray());
            client.EndSending();

            Assert.Equal("+OK", await client.ReceiveAsync());
            Assert.Equal("$value", await client.ReceiveAsync());
            Assert.Equal($":{round + 1}", await client.ReceiveAsync());
            Assert.Null(await client.ReceiveAsync());
        }
    }

    [Fact]
    public async Task LongKey_IsRefusedWithWhatToDo()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        Assert.Contains("longer than 65536", await client.CallAsync("SET", new string('k', 70_000), "v"), StringComparison.Ordinal);
        Assert.Contains("longer than 65536", await client.CallAsync("HSET", "h", new string('f', 70_000), "v"), StringComparison.Ordinal);
        Assert.Equal("+OK", await client.CallAsync("SET", new string('k', 60_000), "v"));
    }

    [Fact]
    public async Task KeyOfTheSidecarsOwn_IsRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        Assert.StartsWith("-ERR keys that begin with the byte 0xFF", await client.CallAsync("SET", "\xffr", "v"), StringComparison.Ordinal);
        Assert.StartsWith("-ERR keys that begin with the byte 0xFF", await client.CallAsync("GET", "\xffr"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nSET stolen 1\r\n")]
    [InlineData("Host: localhost:7379\r\nSET stolen 1\r\n")]
    public async Task BrowsersRequest_EndsTheConnectionBeforeItsBody(string request)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var browser = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        await browser.SendRawAsync(Encoding.ASCII.GetBytes(request));

        Assert.Null(await browser.ReceiveAsync());
        Assert.Equal(":0", await client.CallAsync("EXISTS", "stolen"));
    }

    [Fact]
    public async Task OtherTypes_AreRefusedWithTheTierTheyNeed()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        var answer = await client.CallAsync("LPUSH", "list", "a");

        Assert.Equal("-ERR 'lpush' works on lists, which only a Redis tier holds: declare tiers.redis in the policy", answer);
    }

    [Fact]
    public async Task LargeValues_ComeBackWhole()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        var value = new string('v', 3 * 1024 * 1024) + "end";

        Assert.Equal("+OK", await client.CallAsync("SET", "large", value));

        Assert.Equal("$" + value, await client.CallAsync("GET", "large"));
        Assert.Equal(":" + (value.Length + 1), await client.CallAsync("APPEND", "large", "!"));
        Assert.Equal("$end!", await client.CallAsync("GETRANGE", "large", "-4", "-1"));
    }
}
