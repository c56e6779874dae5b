using System.Text.Json;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary>Every action of retention over all four tiers, as HTTP and the command line have it: what was previewed is what is done.</summary>
public sealed class SharedRetentionTests(SharedFixture servers) : IClassFixture<SharedFixture>
{
    private readonly string _name = $"p{Guid.NewGuid():n}";

    [Theory]
    [InlineData("Delete", "")]
    [InlineData("Archive", "")]
    [InlineData("Compress", "")]
    [InlineData("Aggregate", ", into: {by: [user], sum: [cost], count: true}")]
    [InlineData("Export", "")]
    public async Task Run_AfterAPreview_DoesWhatWasShown(string action, string more)
    {
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(_name, more: $"  retention: [{{dataCategory: raw, maxCount: 1, action: {action}{more}}}]"));
        await Until.SettledAsync(sidecar);
        for (var i = 0; i < 3; i++)
            await sidecar.PutAsync($"/v1/sessions/s{i}", $$"""{"user":"ann","cost":{{i + 1}},"text":"{{new string((char)('a' + i), 5000)}}"}""", "application/json").AssertStatusAsync(201);
        await Until.SettledAsync(sidecar);

        using var preview = await sidecar.Http.PostAsync("/v1/retention/run?dryRun=true", null);
        var previewed = await EntryAsync(preview);
        var typed = await TypedAsync(sidecar, "--dry-run");
        Assert.Equal([200, 200, 200], await StatusesAsync(sidecar)); // a preview does nothing
        using var run = await sidecar.Http.PostAsync("/v1/retention/run", null);
        var executed = await EntryAsync(run);
        await Until.SettledAsync(sidecar);

        Assert.Equal(2, IdsOf(previewed).Count);
        Assert.Equal(IdsOf(previewed), IdsOf(typed));
        Assert.Equal(IdsOf(previewed), IdsOf(executed));
        Assert.Equal(JsonValueKind.Null, executed.GetProperty("skipped").ValueKind);
        var gone = await StatusesAsync(sidecar);
        Assert.Equal(action == "Compress" ? 0 : 2, gone.Count(static status => status == 404));
        await AssertKeptAsync(action, IdsOf(executed), Path.Combine(Path.GetDirectoryName(sidecar.PolicyPath)!, "data", "retention-export.ndjson"));
    }

    /// <summary>What the action keeps of the sessions that it took.</summary>
    private async Task AssertKeptAsync(string action, List<string> ids, string export)
    {
        var mine = $"namespace = 'default' AND policy = '{_name}'";
        var sum = ids.Sum(static id => int.Parse(id[1..], null) + 1);
        var kept = await servers.Postgres.AskAsync(action switch
        {
            "Archive" => $"SELECT count(*) FROM tier.archive WHERE {mine}",
            "Aggregate" => $"SELECT sessions || ' ' || (sums->>'cost') FROM tier.aggregate WHERE {mine}",
            _ => $"SELECT count(*) FROM tier.session WHERE {mine} AND rule IS NOT NULL",
        });
        Assert.Equal(action switch { "Archive" => "2", "Aggregate" => $"2 {sum}", "Compress" => "3", _ => "1" }, kept.Trim());
        if (action == "Export") Assert.Equal(ids, ExportedIds(export));
    }

    private static List<string> ExportedIds(string export)
        => [.. File.ReadLines(export).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("session").GetString()!).Order(StringComparer.Ordinal)];

    private static async Task<List<int>> StatusesAsync(RunningSidecar sidecar)
    {
        var statuses = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            using var response = await sidecar.Http.GetAsync($"/v1/sessions/s{i}/items/cost");
            statuses.Add((int)response.StatusCode);
        }

        return statuses;
    }

    private static async Task<JsonElement> TypedAsync(RunningSidecar sidecar, params string[] more)
    {
        var (code, output, error) = await SidecarExecutable.RunAsync(["retention", "run", .. more, "--output", "json", "--url", sidecar.Host.Api.ToString()]);
        Assert.True(code == ExitCode.Ok, error);
        return JsonDocument.Parse(output).RootElement.GetProperty("entries")[0];
    }

    private static async Task<JsonElement> EntryAsync(HttpResponseMessage response) => (await response.JsonAsync()).GetProperty("entries")[0];

    private static List<string> IdsOf(JsonElement entry)
        => [.. entry.GetProperty("ids").EnumerateArray().Select(static id => id.GetString()!).Order(StringComparer.Ordinal)];
}
