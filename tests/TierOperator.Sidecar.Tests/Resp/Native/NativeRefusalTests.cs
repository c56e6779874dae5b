namespace TierOperator.Sidecar.Tests.Resp.Native;

/// <summary>What a Redis tier is not asked to do, and what it may take its time for.</summary>
public sealed class NativeRefusalTests : IDisposable
{
    private readonly RedisServer _tier = new();

    public void Dispose() => _tier.Dispose();

    [Theory]
    [InlineData("SORT l BY w_*", "-ERR BY option of SORT denied due to insufficient ACL permissions.")]
    [InlineData("SORT l GET w_*->f", "-ERR GET option of SORT denied due to insufficient ACL permissions.")]
    [InlineData("SORT_RO l BY nosort GET # GET w_*", "-ERR GET option of SORT denied due to insufficient ACL permissions.")]
    [InlineData("SORT l BY nosort GET #", "*[$2 $1]")]
    [InlineData("FUNCTION LIST", "-NOPERM this user has no permissions to run the 'function' command: functions belong to the whole server, which is not this policy's alone; use EVAL")]
    [InlineData("fcall f 0", "-NOPERM this user has no permissions to run the 'fcall' command: functions belong to the whole server, which is not this policy's alone; use EVAL")]
    public async Task WhatReachesBeyondThePolicy_IsRefusedInRedisWords(string command, string answer)
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(_tier.Endpoint);
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        await client.CallAsync("RPUSH", "l", "2", "1");

        Assert.Equal(answer, await client.CallAsync(command.Split(' ')));
    }

    [Fact]
    public async Task ServerThatIsBusyForMoreThanASecond_AnswersAScriptAllTheSame()
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(_tier.Endpoint);
        using var client = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var server = await RespClient.ConnectAsync(_tier.Endpoint);
        // The sidecar knows the script from here on, and asks for nothing but its run.
        await client.CallAsync("EVAL", "return 42", "0");

        await server.SendAsync("DEBUG", "SLEEP", "2");
        var answer = await client.CallAsync("EVAL", "return 42", "0");

        Assert.Equal(":42", answer);
        Assert.Equal("+OK", await server.ReceiveAsync());
    }
}
