using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>HSCAN over hashes that do not fit into one answer.</summary>
public sealed class HashScanTests
{
    private const int Fields = 3000;

    [Theory]
    [InlineData("memory")]
    [InlineData("cold")]
    [InlineData("spilled")]
    public async Task LargeHash_InSteps_GivesEachFieldOnceAndNoStepMuchMoreThanCount(string policy)
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Of(policy));
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await FillAsync(client, "h", Fields);

        var steps = await ScanAsync(client, "h", "COUNT", "100");

        Assert.All(steps, step => Assert.InRange(step.Count, 0, 101));
        Assert.InRange(steps.Count, Fields / 101, 40);
        var seen = steps.SelectMany(step => step).ToList();
        Assert.Equal(Fields, seen.Count);
        Assert.Equal(Fields, seen.Distinct().Count());
    }

    [Fact]
    public async Task FieldsThatComeAndGoMeanwhile_HideNoneThatStays()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        using var other = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await FillAsync(client, "h", Fields);
        var round = 0;

        var steps = await ScanAsync(client, "h", async () =>
        {
            await other.CallAsync("HDEL", "h", $"f{round}");
            await other.CallAsync("HSET", "h", $"new{round++}", "v");
        });

        var seen = steps.SelectMany(step => step).ToList();
        Assert.True(round > 10);
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty(Enumerable.Range(round, Fields - round).Select(i => $"f{i}").Except(seen));
    }

    [Fact]
    public async Task Match_IsAppliedToEachStep()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await FillAsync(client, "h", Fields);

        var steps = await ScanAsync(client, "h", "MATCH", "f29?9");

        Assert.Equal(["f2909", "f2919", "f2929", "f2939", "f2949", "f2959", "f2969", "f2979", "f2989", "f2999"], steps.SelectMany(step => step).Order(StringComparer.Ordinal));
        Assert.True(steps.Count > 10);
    }

    [Fact]
    public async Task SmallHash_IsOneAnswerAndAnyOtherCursorTheRest()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.Memory);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await FillAsync(client, "h", 512);

        Assert.Single(await ScanAsync(client, "h", "COUNT", "1"));
        Assert.Equal("*[$0 *[]]", await client.CallAsync("HSCAN", "h", "18446744073709551615"));
    }

    private static async Task FillAsync(RespClient client, string key, int fields)
    {
        for (var i = 0; i < fields; i += 500)
            await client.CallAsync([.. (string[])["HSET", key], .. Enumerable.Range(i, Math.Min(500, fields - i)).SelectMany(field => (string[])[$"f{field}", "v"])]);
    }

    private static Task<List<List<string>>> ScanAsync(RespClient client, string key, params string[] options)
        => ScanAsync(client, key, static () => Task.CompletedTask, options);

    private static async Task<List<List<string>>> ScanAsync(RespClient client, string key, Func<Task> between, params string[] options)
    {
        var (cursor, steps) = ("0", new List<List<string>>());
        do
        {
            var reply = (await client.CallAsync([.. (string[])["HSCAN", key, cursor], .. options]))[2..^1].Split(' ', 2);
            cursor = reply[0][1..];
            steps.Add([.. reply[1][2..^1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Chunk(2).Select(pair => pair[0][1..])]);
            Assert.True(steps.Count <= Fields, "the scan does not end");
            await between();
        }
        while (cursor != "0");

        return steps;
    }
}
