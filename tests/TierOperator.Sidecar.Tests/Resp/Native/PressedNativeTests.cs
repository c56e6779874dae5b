namespace TierOperator.Sidecar.Tests.Resp.Native;

/// <summary>What is passed to the Redis tier, with memory for a tenth of the data: the two worlds of keys meet also where a session is on disk.</summary>
public sealed class PressedNativeTests(NativeConformanceTests.Servers servers) : IClassFixture<NativeConformanceTests.Servers>
{
    private const int LinesBetween = 3;
    private static readonly string[] s_overAllKeys = ["SCAN", "KEYS", "DBSIZE", "RANDOMKEY"];

    public static TheoryData<string> Scripts() => [.. CommandScript.NativeNames];

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Script_WithATenthInMemory_RepliesAsRedisDoes(string script)
    {
        await using var sidecar = await RedisTierSidecar.StartAsync(servers.Tier.Endpoint, "write: Behind", memory: "2Mi");
        using var pressure = await SpillPressure.StartAsync(sidecar.Endpoint);
        using var ours = await RespClient.ConnectAsync(sidecar.Endpoint);
        using var theirs = await RespClient.ConnectAsync(servers.Reference.Endpoint);
        foreach (var client in (RespClient[])[ours, theirs]) await client.CallAsync("HELLO", "3");
        await theirs.CallAsync("FLUSHALL");
        await theirs.CallAsync("SCRIPT", "FLUSH");

        var lines = 0;
        var differences = await CommandScript.CompareAsync(script, theirs, ours, IsComparable, _ => ++lines % LinesBetween == 0 ? pressure.PressAsync() : Task.CompletedTask);

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static bool IsComparable(ScriptLine line) => !s_overAllKeys.Contains(line.Arguments[0], StringComparer.OrdinalIgnoreCase);
}
