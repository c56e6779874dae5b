using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

/// <summary>Batch, list, moves, subjects, explain and the documents about the sidecar itself.</summary>
public sealed class ManyCallTests
{
    [Fact]
    public async Task Batch_Mixed_AnswersEachInOrder()
    {
        await using var sidecar = await RunningSidecar.StartAsync();

        using var response = await BatchAsync(sidecar, """
            {"operations":[
              {"op":"put","session":"s","item":"a","value":{"x":1}},
              {"op":"put","session":"s","item":"b","base64":"AAEC","contentType":"image/png"},
              {"op":"get","session":"s","item":"a"},
              {"op":"get","session":"s","item":"b"},
              {"op":"get","session":"s","item":"none"},
              {"op":"put","session":"s","item":"a","value":2,"ifNoneMatch":"*"},
              {"op":"delete","session":"s","item":"b"}]}
            """);

        var results = (await response.JsonAsync()).GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([201, 201, 200, 200, 404, 412, 204], results.Select(result => result.GetProperty("status").GetInt32()));
        Assert.Equal(1, results[2].GetProperty("value").GetProperty("x").GetInt32());
        Assert.Equal(("AAEC", "image/png"), (results[3].GetProperty("base64").GetString(), results[3].GetProperty("contentType").GetString()));
    }

    [Fact]
    public async Task Batch_Atomic_IsWholeOrNotAtAll()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/a", "1").AssertStatusAsync(201);

        using var response = await BatchAsync(sidecar, """
            {"atomic":true,"operations":[
              {"op":"put","session":"s","item":"b","value":1},
              {"op":"put","session":"s","item":"a","value":2,"ifNoneMatch":"*"}]}
            """);

        Assert.Contains("412", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await sidecar.Http.GetAsync("/v1/sessions/s/items/b").AssertStatusAsync(404);
    }

    [Fact]
    public async Task Batch_Malformed_IsRefusedWhole()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        const string get = """{"op":"get","session":"s","item":"i"}""";
        string[] operations =
        [
            "1", """{"op":"fly","session":"s","item":"i"}""", """{"op":"get","session":"","item":"i"}""", """{"op":"put","session":"s","item":"i"}""",
            """{"op":"put","session":"s","item":"i","value":1,"base64":"AA=="}""", """{"op":"put","session":"s","item":"i","base64":"!"}""",
            string.Join(',', Enumerable.Repeat(get, 1001)), "",
        ];

        foreach (var bad in operations) await BatchAsync(sidecar, $$"""{"operations":[{{bad}}]}""").AssertProblemAsync(400, "malformed");
        foreach (var bad in new[] { "[]", "{}", "", $$"""{"operations":[{{get}}],"atomic":"yes"}""" }) await BatchAsync(sidecar, bad).AssertProblemAsync(400, "malformed");
        await BatchAsync(sidecar, $$"""{"operations":[{{string.Join(',', Enumerable.Repeat(get, 1000))}}]}""").AssertStatusAsync(200);
    }

    [Fact]
    public async Task List_PageByPage_GivesEverySessionOnce()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        for (var i = 0; i < 25; i++) await sidecar.PutAsync($"/v1/sessions/p:{i}/items/i", "x").AssertStatusAsync(201);
        await sidecar.PutAsync("/v1/sessions/other/items/i", "x").AssertStatusAsync(201);

        List<string> seen = [];
        for (string? cursor = ""; cursor is not null;)
        {
            using var response = await sidecar.Http.GetAsync($"/v1/sessions?prefix=p:&limit=10{(cursor.Length == 0 ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            var page = await response.JsonAsync();
            seen.AddRange(page.GetProperty("sessions").EnumerateArray().Select(session => session.GetProperty("session").GetString()!));
            cursor = page.GetProperty("next").GetString();
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"p:{i}").Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        foreach (var query in new[] { "?limit=0", "?limit=1001", "?limit=x", "?tier=tape", "?cursor=x" })
            await sidecar.Http.GetAsync("/v1/sessions" + query).AssertProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task Moves_ByHand_TellTheTiersThatHoldIt()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/i", "x").AssertStatusAsync(201);

        Assert.Equal("spillover", await MoveAsync(sidecar, "evict"));
        Assert.Equal("memory spillover", await MoveAsync(sidecar, "load"));
        Assert.Equal("memory spillover", await MoveAsync(sidecar, "touch"));
        Assert.Equal("spillover", await MoveAsync(sidecar, "migrate", """{"to":"spillover"}"""));
        await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/none/load").AssertProblemAsync(404, "not-found");
        await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/s/migrate", new StringContent("""{"to":"postgres"}""")).AssertProblemAsync(400, "malformed");
        await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/s/migrate").AssertProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task Subject_ExportThenErase_TakesAllOfItAndNothingElse()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/a", """{"x":1}""", "application/json", ("Tier-Subject", "user-1")).AssertStatusAsync(201);
        await sidecar.PutAsync("/v1/sessions/b/items/i", "text", "text/plain", ("Tier-Subject", "user-1")).AssertStatusAsync(201);
        await sidecar.PutAsync("/v1/sessions/c/items/i", "text", "text/plain", ("Tier-Subject", "user-2")).AssertStatusAsync(201);

        var export = await sidecar.Http.GetStringAsync("/v1/subjects/user-1/export");
        using var erased = await sidecar.SendAsync(HttpMethod.Delete, "/v1/subjects/user-1");

        var lines = export.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(["a", "b"], lines.Select(line => (string)line["session"]!).Order(StringComparer.Ordinal));
        Assert.Contains(lines, line => (int?)line["document"]!["x"] == 1);
        Assert.Equal(2, (await erased.JsonAsync()).GetProperty("sessions").GetInt32());
        await sidecar.Http.GetAsync("/v1/sessions/a").AssertStatusAsync(404);
        await sidecar.Http.GetAsync("/v1/sessions/c").AssertStatusAsync(200);
    }

    [Fact]
    public async Task Retention_RunAfterPreview_TakesWhatThePreviewNamed()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        for (var i = 0; i < 3; i++) await sidecar.PutAsync($"/v1/sessions/chat:{i}/items/i", "x").AssertStatusAsync(201);

        using var preview = await sidecar.SendAsync(HttpMethod.Post, "/v1/retention/run?dryRun=true");
        using var before = await sidecar.Http.GetAsync("/v1/sessions");
        using var run = await sidecar.SendAsync(HttpMethod.Post, "/v1/retention/run");

        var (previewed, executed) = (await preview.JsonAsync(), await run.JsonAsync());
        Assert.Equal(3, (await before.JsonAsync()).GetProperty("sessions").GetArrayLength());
        Assert.Equal(2, executed.GetProperty("sessions").GetInt32());
        Assert.Equal(previewed.GetProperty("entries").GetRawText(), executed.GetProperty("entries").GetRawText());
        using var after = await sidecar.Http.GetAsync("/v1/sessions");
        Assert.Equal(1, (await after.JsonAsync()).GetProperty("sessions").GetArrayLength());
        await sidecar.SendAsync(HttpMethod.Post, "/v1/retention/run?dryRun=perhaps").AssertProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task Compact_ByHand_KeepsEveryItem()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        for (var i = 0; i < 20; i++) await sidecar.PutAsync($"/v1/sessions/s/items/{i % 4}", $"{i}").AssertStatusAsync(i < 4 ? 201 : 204);

        await sidecar.SendAsync(HttpMethod.Post, "/v1/storage/compact").AssertStatusAsync(200);

        await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/s/evict").AssertStatusAsync(200);
        for (var i = 0; i < 4; i++) Assert.Equal($"{16 + i}", await sidecar.Http.GetStringAsync($"/v1/sessions/s/items/{i}"));
    }

    [Fact]
    public async Task Explain_Key_TellsRuleAndCopies()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/chat%3A1/items/i", "x").AssertStatusAsync(201);

        using var response = await sidecar.Http.GetAsync("/v1/explain?session=chat:1&item=i");

        var explained = await response.JsonAsync();
        Assert.Equal("chats", explained.GetProperty("matches").GetProperty("rule").GetString());
        Assert.Equal(2, explained.GetProperty("stored").GetProperty("tiers").GetArrayLength());
        await sidecar.Http.GetAsync("/v1/explain").AssertProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task StatusStatsAndPolicy_TellWhatRuns()
    {
        await using var sidecar = await RunningSidecar.StartAsync();

        using var status = await sidecar.Http.GetAsync("/v1/status");
        using var stats = await sidecar.Http.GetAsync("/v1/stats");
        using var policy = await sidecar.Http.GetAsync("/v1/policy");

        var revision = (await status.JsonAsync()).GetProperty("policy").GetProperty("revision").GetString();
        Assert.Equal($"\"{revision}\"", policy.Header("ETag"));
        Assert.Equal(revision, Convert.ToHexStringLower(SHA256.HashData(await policy.Content.ReadAsByteArrayAsync())));
        Assert.Equal(2, (await stats.JsonAsync()).GetProperty("tiers").GetArrayLength());
    }

    [Fact]
    public async Task Stats_AfterReads_TellThemByRuleAndTier()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/i", "four").AssertStatusAsync(201);
        await sidecar.Http.GetAsync("/v1/sessions/s/items/i").AssertStatusAsync(200);
        await sidecar.Http.GetAsync("/v1/sessions/none/items/i").AssertStatusAsync(404);

        using var stats = await sidecar.Http.GetAsync("/v1/stats");
        var metrics = await sidecar.Admin.GetStringAsync("/metrics");

        var rule = (await stats.JsonAsync()).GetProperty("rules").EnumerateArray().Single(static rule => rule.GetProperty("misses").GetInt64() == 1);
        var (name, memory) = (rule.GetProperty("rule").GetString(), rule.GetProperty("tiers")[0]);
        Assert.Equal("memory 1 4", $"{memory.GetProperty("tier").GetString()} {memory.GetProperty("hits").GetInt64()} {memory.GetProperty("bytes").GetInt64()}");
        Assert.Equal(1, memory.GetProperty("reaccess").EnumerateObject().Sum(static after => after.Value.GetInt64()));
        Assert.Contains($"tier_rule_reads_total{{rule=\"{name}\",tier=\"memory\"}} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"tier_rule_reads_total{{rule=\"{name}\",tier=\"none\"}} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"tier_rule_read_size_bytes_total{{rule=\"{name}\",tier=\"memory\"}} 4\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"tier_rule_reaccesses_total{{rule=\"{name}\",tier=\"spillover\",within=\"longer\"}} 0\n", metrics, StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> BatchAsync(RunningSidecar sidecar, string body)
        => sidecar.SendAsync(HttpMethod.Post, "/v1/batch", new StringContent(body, Encoding.UTF8, "application/json"));

    private static async Task<string> MoveAsync(RunningSidecar sidecar, string move, string? body = null)
    {
        using var response = await sidecar.SendAsync(HttpMethod.Post, $"/v1/sessions/s/{move}", body is null ? null : new StringContent(body));
        return string.Join(' ', (await response.JsonAsync()).GetProperty("tiers").EnumerateArray().Select(tier => tier.GetString()));
    }
}
