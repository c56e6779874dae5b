using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>One store, two doors: what one client writes the other reads.</summary>
public sealed class HttpAndRedisTests
{
    [Fact]
    public async Task Session_MadeOverHttp_IsAHash()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await sidecar.PutAsync("/v1/sessions/s/items/value", "hello").AssertStatusAsync(201);

        Assert.Equal("+hash", await client.CallAsync("TYPE", "s"));
        Assert.Equal("$hello", await client.CallAsync("HGET", "s", "value"));
        Assert.StartsWith("-WRONGTYPE", await client.CallAsync("GET", "s"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task String_MadeByRedis_IsASessionWithOneItem()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await client.CallAsync("SET", "s", "hello");

        Assert.Equal("hello", await sidecar.Http.GetStringAsync("/v1/sessions/s/items/value"));
    }

    [Fact]
    public async Task Deadline_OfExpire_EndsTheSessionForHttpToo()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await client.CallAsync("SET", "s", "hello", "PX", "1");

        string answer;
        do answer = await client.CallAsync("EXISTS", "s");
        while (answer == ":1");

        await sidecar.SendAsync(HttpMethod.Get, "/v1/sessions/s/items/value").AssertStatusAsync(404);
    }

    [Fact]
    public async Task Flush_WherePolicyForbids_IsRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory + "\n  resp: {allowFlush: false}");
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await client.CallAsync("SET", "s", "hello");

        Assert.StartsWith("-ERR the policy does not permit it", await client.CallAsync("FLUSHALL"), StringComparison.Ordinal);
        Assert.Equal("$hello", await client.CallAsync("GET", "s"));
    }

    [Fact]
    public async Task Dump_Restored_IsTheSameKey()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await client.CallAsync("HSET", "h", "a", "1", "b", "2");
        var dump = (await client.CallAsync("DUMP", "h"))[1..];

        Assert.Equal("+OK", await client.CallAsync("RESTORE", "copy", "100000", dump));

        Assert.Equal("*[$1 $2]", await client.CallAsync("HMGET", "copy", "a", "b"));
        Assert.Equal(":100", await client.CallAsync("TTL", "copy"));
        Assert.StartsWith("-BUSYKEY", await client.CallAsync("RESTORE", "copy", "0", dump), StringComparison.Ordinal);
        Assert.StartsWith("-ERR DUMP payload", await client.CallAsync("RESTORE", "other", "0", dump[..^1] + "?"), StringComparison.Ordinal);
    }
}
