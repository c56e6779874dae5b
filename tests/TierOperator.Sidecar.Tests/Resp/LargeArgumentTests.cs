using System.Text;
using TierOperator.Sidecar.Tests.Resp.Native;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Arguments from 64 KiB on, which go from the socket to where the tiers keep them.</summary>
public sealed class LargeArgumentTests
{
    private const int Bytes = 700_001;

    [Theory]
    [InlineData("memory")]
    [InlineData("disk")]
    [InlineData("cold")]
    public async Task EveryCommandThatStores_TakesThemWhole(string policy)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Of(policy));
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        var (one, two) = (Random(Bytes, 1), Random(2 * Bytes, 2));

        Assert.Equal("+OK", await client.CallAsync("SET", "a", one));
        Assert.Equal("$" + one, await client.CallAsync("GET", "a"));
        Assert.Equal("$" + one, await client.CallAsync("SET", "a", two, "GET"));
        Assert.Equal("$" + two, await client.CallAsync("GETSET", "a", one));
        Assert.Equal("+OK", await client.CallAsync("SETEX", "b", "100", two));
        Assert.Equal("+OK", await client.CallAsync("MSET", "c", one, "d", "small", "e", two));
        Assert.Equal($"*[${one} $small ${two} nil]", await client.CallAsync("MGET", "c", "d", "e", "none"));
        Assert.Equal(":2", await client.CallAsync("HSET", "h", "f", one, "g", "small"));
        Assert.Equal($"*[${one} $small nil]", await client.CallAsync("HMGET", "h", "f", "g", "none"));
        Assert.Equal($":{2 * Bytes}", await client.CallAsync("APPEND", "c", one));
        Assert.Equal("$" + one + one, await client.CallAsync("GETDEL", "c"));
        Assert.Equal($":{2 * Bytes}", await client.CallAsync("STRLEN", "b"));
        Assert.Equal("$" + two, await client.CallAsync("ECHO", two));
        Assert.Equal("-ERR value is not an integer or out of range", await client.CallAsync("INCRBY", "n", two));
        Assert.Equal("+PONG", await client.CallAsync("PING"));
    }

    [Fact]
    public async Task Transaction_TakesAndGivesThemWhole()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        var one = Random(Bytes, 3);

        await client.CallAsync("MULTI");
        Assert.Equal("+QUEUED", await client.CallAsync("SET", "a", one));
        await client.CallAsync("GET", "a");

        Assert.Equal($"*[+OK ${one}]", await client.CallAsync("EXEC"));
    }

    [Fact]
    public async Task OverARedisTier_TheyReachItWhole()
    {
        using var tier = new RedisServer();
        await using var sidecar = await RedisTierSidecar.StartAsync(tier.Endpoint);
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        var one = Random(Bytes, 4);

        Assert.Equal("+OK", await client.CallAsync("SET", "a", one));
        Assert.Equal("+OK", await client.CallAsync("SET", "b", one, "NX"));
        Assert.Equal(":1", await client.CallAsync("RPUSH", "l", one));

        Assert.Equal("$" + one, await client.CallAsync("GET", "a"));
        Assert.Equal("$" + one, await client.CallAsync("GET", "b"));
        Assert.Equal("$" + one, await client.CallAsync("LINDEX", "l", "0"));
    }

    [Fact]
    public async Task CutInPieces_AtAnyPlace_TheyArriveWhole()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        var one = Random(70_000, 5);
        byte[] frame = [.. RespClient.Encode("SET", "a", one, "EX", "100"), .. RespClient.Encode("GET", "a")];
        foreach (var cut in (int[])[1, 20, 31, 40, 65_536, 70_020, 70_030, 70_034, 70_036, 70_040, frame.Length - 1])
        {
            await client.SendRawAsync(frame.AsMemory(0, cut));
            // The server has the first piece before the second comes: another client has been answered meanwhile.
            using var other = await RespClient.ConnectAsync(sidecar.Host.Resp);
            await other.CallAsync("PING");
            await client.SendRawAsync(frame.AsMemory(cut));

            Assert.Equal("+OK", await client.ReceiveAsync());
            Assert.Equal("$" + one, await client.ReceiveAsync());
        }
    }

    [Fact]
    public async Task MutedReply_LeavesNothingOfALargeValueBehind()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await client.CallAsync("SET", "a", Random(Bytes, 6));

        await client.SendAsync("CLIENT", "REPLY", "SKIP");
        await client.SendAsync("GET", "a");

        Assert.Equal("+PONG", await client.CallAsync("PING"));
    }

    [Fact]
    public async Task ClientThatGoesHalfway_GivesItsMemoryBack()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        var frame = RespClient.Encode("MSET", "a", Random(Bytes, 7), "b", Random(Bytes, 8));
        foreach (var length in (int[])[40, 100_000, Bytes + 33, Bytes + 100_000, frame.Length - 1])
        {
            using var gone = await RespClient.ConnectAsync(sidecar.Host.Resp);
            await gone.SendRawAsync(frame.AsMemory(0, length));
            gone.EndSending();
            Assert.Null(await gone.ReceiveAsync());
        }

        Assert.Equal("*[nil nil]", await client.CallAsync("MGET", "a", "b"));
        var status = await sidecar.Admin.GetStringAsync("/status");
        Assert.Contains("\"inFlightBytes\":0", status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MemoryThatIsFull_MakesRoomForThem()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Spilled);
        using var pressure = await SpillPressure.StartAsync(sidecar.Host.Resp);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        var value = Random(200_000, 9);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("+OK", await client.CallAsync("SET", $"a{i}", value));
            await pressure.PressAsync();
        }

        for (var i = 0; i < 20; i++) Assert.Equal("$" + value, await client.CallAsync("GET", $"a{i}"));
    }

    [Fact]
    public async Task MoreThanTheBudget_IsRefusedWithWhatToDoBeforeItIsSent()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory, "--in-flight", "1Mi");
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);

        await client.SendRawAsync("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2000000\r\n"u8.ToArray());

        Assert.Equal("-OOM the budget for values on their way is used up: retry, or raise --in-flight", await client.ReceiveAsync());
        Assert.Null(await client.ReceiveAsync());
    }

    private static string Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        // A space would look like the end of an element in what replies are shown as.
        return Encoding.Latin1.GetString(bytes).Replace(' ', 'x');
    }
}
