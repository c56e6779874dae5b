using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Every command again, with memory for a tenth of the data and the rest on disk: reply for reply as a redis-server that has all of it in memory.</summary>
public sealed class PressedConformanceTests(RedisServer redis) : IClassFixture<RedisServer>
{
    // The other keys would show in what these tell; ScanOverSpilledKeys has them.
    private static readonly string[] s_overAllKeys = ["SCAN", "KEYS", "DBSIZE", "RANDOMKEY"];

    public static TheoryData<string, string> Scripts()
    {
        var cases = new TheoryData<string, string>();
        foreach (var name in CommandScript.Names)
            foreach (var protocol in (string[])["2", "3"])
                cases.Add(name, protocol);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Script_WithATenthInMemory_RepliesTheSame(string script, string protocol)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Spilled);
        using var pressure = await SpillPressure.StartAsync(sidecar.Host.Resp);
        using var ours = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var theirs = await RespClient.ConnectAsync(redis.Endpoint);
        foreach (var client in (RespClient[])[ours, theirs]) await client.CallAsync("HELLO", protocol);
        await theirs.CallAsync("FLUSHALL");

        var differences = await CommandScript.CompareAsync(script, theirs, ours, IsComparable, PressAsync);

        Assert.True(differences.Count == 0, string.Join('\n', differences));

        // What tracks keys would be told of the others' changes.
        Task PressAsync(ScriptLine line) => line.Text.StartsWith("CLIENT TRACKING", StringComparison.Ordinal) ? Task.CompletedTask : pressure.PressAsync();
    }

    [Fact]
    public async Task Scan_OverSpilledKeys_ShowsEachAndKeysCountsThem()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Spilled);
        using var pressure = await SpillPressure.StartAsync(sidecar.Host.Resp);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        for (var i = 0; i < 50; i++) await client.CallAsync("SET", $"mine:{i}", "v");
        await pressure.PressAsync();

        var (cursor, seen) = ("0", new HashSet<string>());
        do
        {
            var reply = (await client.CallAsync("SCAN", cursor, "MATCH", "mine:*", "COUNT", "40"))[2..^1].Split(' ', 2);
            cursor = reply[0][1..];
            seen.UnionWith(reply[1][2..^1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        while (cursor != "0");

        Assert.Equal(50, seen.Count);
        Assert.Equal(50, (await client.CallAsync("KEYS", "mine:*")).Split(' ').Length);
        Assert.Equal(":690", await client.CallAsync("DBSIZE"));
        Assert.StartsWith("$", await client.CallAsync("RANDOMKEY"), StringComparison.Ordinal);
    }

    private static bool IsComparable(ScriptLine line) => !s_overAllKeys.Contains(line.Arguments[0], StringComparer.OrdinalIgnoreCase);
}
