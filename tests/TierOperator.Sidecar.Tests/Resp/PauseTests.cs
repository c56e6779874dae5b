using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>CLIENT PAUSE WRITE holds back whatever may write.</summary>
public sealed class PauseTests
{
    [Fact]
    public async Task PausedWrites_HoldBackExecThatWritesAndNotOneThatReads()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var admin = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var writer = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var reader = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await writer.CallAsync("MULTI");
        await writer.CallAsync("SET", "k", "v");
        await reader.CallAsync("MULTI");
        await reader.CallAsync("GET", "k");

        await admin.CallAsync("CLIENT", "PAUSE", "100000", "WRITE");
        await writer.SendAsync("EXEC");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!(await admin.CallAsync("CLIENT", "LIST")).Contains("cmd=exec", StringComparison.Ordinal)) await Task.Delay(5, patience.Token);
        var read = await reader.CallAsync("EXEC");
        await admin.CallAsync("CLIENT", "UNPAUSE");

        Assert.Equal("*[nil]", read);
        Assert.Equal("*[+OK]", await writer.ReceiveAsync());
    }
}
