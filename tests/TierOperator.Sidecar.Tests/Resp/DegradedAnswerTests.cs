using TierOperator.Sidecar.Tests.Resp.Native;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>What a Redis client gets where HTTP answers 202: the rule waits for a shared tier, and that tier is dead.</summary>
public sealed class DegradedAnswerTests
{
    private const string Waiting = "write: Through, ack: Redis";
    private const string WaitingButOk = "write: Through, ack: Redis, resp: {degraded: Ok}";

    [Theory]
    [InlineData(Waiting, "-TIERDOWN the write is journalled, but a tier that its rule waits for is away: retry later, or set resp.degraded: Ok")]
    [InlineData(WaitingButOk, "+OK")]
    public async Task Set_WithTheTierDead_IsAnsweredAsTheRuleSays(string rule, string answer)
    {
        var tier = new RedisServer();
        await using var sidecar = await RedisTierSidecar.StartAsync(tier.Endpoint, rule);
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        await client.CallAsync("SET", "k", "before");

        tier.Dispose();
        var set = await client.CallAsync("SET", "k", "after");
        var timed = await client.CallAsync("SET", "t", "v", "EX", "100");
        using var overHttp = await sidecar.Sidecar.PutAsync("/v1/sessions/h/items/value", "v");

        Assert.Equal(answer, set);
        Assert.Equal(answer, timed);
        Assert.Equal(202, (int)overHttp.StatusCode);
        Assert.Equal("$after", await client.CallAsync("GET", "k"));
        Assert.NotEqual(":-1", await client.CallAsync("TTL", "t"));
    }

    [Theory]
    [InlineData(Waiting)]
    [InlineData(WaitingButOk)]
    public async Task WhatDependsOnWhatIsThere_WithTheTierDead_IsRefusedAndChangesNothing(string rule)
    {
        var tier = new RedisServer();
        await using var sidecar = await RedisTierSidecar.StartAsync(tier.Endpoint, rule);
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        await client.CallAsync("SET", "n", "1");
        await client.CallAsync("HSET", "h", "f", "1");

        tier.Dispose();
        foreach (var command in (string[])["INCR n", "SET n 2 NX", "SETNX m 2", "HSET h f 2", "DEL n", "EXPIRE n 100", "APPEND n x"])
            Assert.StartsWith("-TIERDOWN ", await client.CallAsync(command.Split(' ')), StringComparison.Ordinal);
        await client.CallAsync("MULTI");
        await client.CallAsync("INCR", "n");
        var exec = await client.CallAsync("EXEC");

        Assert.StartsWith("-TIERDOWN ", exec, StringComparison.Ordinal);
        Assert.Equal("$1", await client.CallAsync("GET", "n"));
        Assert.Equal("$1", await client.CallAsync("HGET", "h", "f"));
    }

    [Fact]
    public async Task WhatWasJournalled_ReachesTheTierWhenItIsBack()
    {
        using var tier = new RedisServer();
        await using var sidecar = await RedisTierSidecar.StartAsync(tier.Endpoint, WaitingButOk, name: "degraded");
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        tier.Stop();
        Assert.Equal("+OK", await client.CallAsync("SET", "k", "journalled"));

        tier.Start();
        await using var other = await RedisTierSidecar.StartAsync(tier.Endpoint, WaitingButOk, name: "degraded");
        using var reader = await RespClient.ConnectAsync(other.Endpoint);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await reader.CallAsync("GET", "k") != "$journalled") await Task.Delay(5, patience.Token);
    }
}
