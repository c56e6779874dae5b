using System.Globalization;
using System.Net;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>What was acknowledged is there after kill -9.</summary>
public sealed class RespRestartTests
{
    // Disposing kills as the kernel does: nothing in the process gets a chance.
    private static IPEndPoint EndpointOf(SidecarExecutable sidecar)
        => IPEndPoint.Parse(sidecar.ReadyLine.Split(' ').Single(word => word.StartsWith("resp=", StringComparison.Ordinal))["resp=".Length..]);

    [Fact]
    public async Task Writes_AcknowledgedBeforeAKill_AreThereAfterwards()
    {
        using var folder = new TempFolder();
        string[] arguments = ["--policy", folder.Write("policy.yaml", RespPolicies.MemoryAndDisk), "--data", folder.File("data"), "--api-port", "0", "--admin-port", "0", "--resp-port", "0"];
        await using (var killed = await SidecarExecutable.StartAsync(arguments))
        {
            using var client = await RespClient.ConnectAsync(EndpointOf(killed));
            for (var i = 0; i < 200; i++) Assert.Equal("+OK", await client.CallAsync("SET", $"key:{i}", $"value {i}"));
            Assert.Equal("+OK", await client.CallAsync("MULTI"));
            await client.CallAsync("HSET", "hash", "a", "1", "b", "2");
            await client.CallAsync("INCRBY", "counter", "42");
            await client.CallAsync("SET", "timed", "x", "EX", "1000");
            Assert.Equal("*[:2 :42 +OK]", await client.CallAsync("EXEC"));
        }

        await using var again = await SidecarExecutable.StartAsync(arguments);
        using var reader = await RespClient.ConnectAsync(EndpointOf(again));
        for (var i = 0; i < 200; i++) Assert.Equal($"$value {i}", await reader.CallAsync("GET", $"key:{i}"));
        Assert.Equal("*[$1 $2]", await reader.CallAsync("HMGET", "hash", "a", "b"));
        Assert.Equal(":43", await reader.CallAsync("INCR", "counter"));
        Assert.InRange(int.Parse((await reader.CallAsync("TTL", "timed"))[1..], CultureInfo.InvariantCulture), 900, 1_000);
        Assert.Equal("+string", await reader.CallAsync("TYPE", "timed"));
        Assert.Equal("+hash", await reader.CallAsync("TYPE", "hash"));
    }
}
