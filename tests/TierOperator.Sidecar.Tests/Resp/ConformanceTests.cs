using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Every command against the sidecar and a real redis-server in the same run: reply for reply the same.</summary>
public sealed class ConformanceTests(RedisServer redis) : IClassFixture<RedisServer>
{
    public static TheoryData<string, string, string> Scripts()
    {
        var cases = new TheoryData<string, string, string>();
        foreach (var name in CommandScript.Names)
            foreach (var protocol in (string[])["2", "3"])
                foreach (var policy in (string[])["memory", "disk", "cold"])
                    cases.Add(name, protocol, policy);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Script_AgainstRedis_RepliesTheSame(string script, string protocol, string policy)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Of(policy));
        using var ours = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var theirs = await RespClient.ConnectAsync(redis.Endpoint);
        foreach (var client in (RespClient[])[ours, theirs])
        {
            await client.CallAsync("HELLO", protocol);
            await client.CallAsync("FLUSHALL");
        }

        var differences = await CommandScript.CompareAsync(script, theirs, ours);

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }
}
