namespace TierOperator.Sidecar.Tests.Resp.Native;

/// <summary>Every command that is passed to the Redis tier, and every command of ours beside it: reply for reply as redis-server.</summary>
public sealed class NativeConformanceTests(NativeConformanceTests.Servers servers) : IClassFixture<NativeConformanceTests.Servers>
{
    /// <summary>One server is the tier, the other what its replies are compared with.</summary>
    public sealed class Servers : IDisposable
    {
        public RedisServer Tier { get; } = new();
        public RedisServer Reference { get; } = new();

        public void Dispose()
        {
            Tier.Dispose();
            Reference.Dispose();
        }
    }

    public static TheoryData<string, string> Scripts()
    {
        var cases = new TheoryData<string, string>();
        foreach (var name in CommandScript.NativeNames.Concat(CommandScript.Names))
            foreach (var protocol in (string[])["2", "3"])
                cases.Add(name, protocol);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Script_OverARedisTier_RepliesAsRedisDoes(string script, string protocol)
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(servers.Tier.Endpoint);
        using var ours = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var theirs = await RespClient.ConnectAsync(servers.Reference.Endpoint);
        foreach (var client in (RespClient[])[ours, theirs])
        {
            await client.CallAsync("HELLO", protocol);
            await client.CallAsync("FLUSHALL");
            await client.CallAsync("SCRIPT", "FLUSH");
        }

        var differences = await CommandScript.CompareAsync(script, theirs, ours);

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }
}
