using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary>The calls that look into, move between and empty the shared tiers: one sidecar writes, another asks.</summary>
public sealed class SharedCallTests(SharedFixture servers) : IClassFixture<SharedFixture>
{
    private readonly string _name = $"p{Guid.NewGuid():n}";

    [Fact]
    public async Task Search_FindsWhatOthersWroteAndWhatIsNotSyncedYet_WithoutWhatIsMasked()
    {
        await using var writer = await servers.StartAsync(SharedFixture.Policy(_name));
        await using var other = await servers.StartAsync(SharedFixture.Policy(_name).Replace("interval: 100ms", "interval: 1h", StringComparison.Ordinal));
        await writer.PutAsync("/v1/sessions/a/items/note", """{"text":"a blue whale","secret":"hidden"}""", "application/json").AssertStatusAsync(201);
        await Until.SettledAsync(writer);
        await Until.SettledAsync(other);
        await other.PutAsync("/v1/sessions/b/items/note", "a blue bird").AssertStatusAsync(201);

        Assert.Equal(["a", "b"], await FoundAsync(other, "blue"));
        Assert.Equal(["a"], await FoundAsync(other, "whale"));
        Assert.Empty(await FoundAsync(other, "hidden"));
        await other.PutAsync("/v1/sessions/a/items/note", "a red whale").AssertStatusAsync(201);
        Assert.Equal(["b"], await FoundAsync(other, "blue"));
        await other.Http.GetAsync("/v1/search").AssertStatusAsync(400);
        await other.Http.GetAsync("/v1/search?q=-blue").AssertStatusAsync(422);
    }

    [Fact]
    public async Task Subject_OfOthersSessions_IsExportedAndErasedEverywhere()
    {
        await using var writer = await servers.StartAsync(SharedFixture.Policy(_name));
        await using var other = await servers.StartAsync(SharedFixture.Policy(_name));
        await writer.PutAsync("/v1/sessions/a/items/x", "1", headers: ("Tier-Subject", "ann")).AssertStatusAsync(201);
        await writer.PutAsync("/v1/sessions/b/items/x", "2", headers: ("Tier-Subject", "bob")).AssertStatusAsync(201);
        await writer.Http.PostAsync("/v1/checkpoints", null).AssertStatusAsync(201);
        await Until.SettledAsync(writer);
        await Until.SettledAsync(other);

        var export = await other.Http.GetStringAsync("/v1/subjects/ann/export");
        using var erased = await other.Http.DeleteAsync("/v1/subjects/ann");
        var count = (await erased.JsonAsync()).GetProperty("sessions").GetInt32();
        await Until.SettledAsync(other);

        Assert.Contains("\"session\":\"a\"", Assert.Single(export.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(1, count);
        await Until.HoldsAsync(async () => (await writer.Http.GetAsync("/v1/sessions/a/items/x")).StatusCode == System.Net.HttpStatusCode.NotFound ? null : "the other sidecar still answers");
        await writer.Http.GetAsync("/v1/sessions/b/items/x").AssertStatusAsync(200);
    }

    [Fact]
    public async Task Restore_AfterAnErasure_LeavesTheSubjectOut()
    {
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(_name));
        await Until.SettledAsync(sidecar);
        await sidecar.PutAsync("/v1/sessions/a/items/x", "1", headers: ("Tier-Subject", "ann")).AssertStatusAsync(201);
        await sidecar.PutAsync("/v1/sessions/b/items/x", "2").AssertStatusAsync(201);
        using var made = await sidecar.Http.PostAsync("/v1/checkpoints", null);
        var id = (await made.JsonAsync()).GetProperty("id").GetString();
        await sidecar.Http.DeleteAsync("/v1/subjects/ann").AssertStatusAsync(200);
        await sidecar.Http.DeleteAsync("/v1/sessions/b").AssertStatusAsync(204);

        await sidecar.Http.PostAsync($"/v1/checkpoints/{id}/restore", null).AssertStatusAsync(200);

        await sidecar.Http.GetAsync("/v1/sessions/a/items/x").AssertStatusAsync(404);
        await sidecar.Http.GetAsync("/v1/sessions/b/items/x").AssertStatusAsync(200);
    }

    [Fact]
    public async Task ListExplainLoadAndMigrate_OfWhatOnlySharedTiersHold()
    {
        await using var writer = await servers.StartAsync(SharedFixture.Policy(_name));
        await using var other = await servers.StartAsync(SharedFixture.Policy(_name));
        await writer.PutAsync("/v1/sessions/a/items/x", "1").AssertStatusAsync(201);
        await Until.SettledAsync(writer);
        await Until.SettledAsync(other);

        Assert.Equal(["a"], await ListedAsync(other, ""));
        Assert.Equal(["a"], await ListedAsync(other, "&tier=redis"));
        Assert.Equal(["a"], await ListedAsync(other, "&tier=postgres"));
        Assert.Empty(await ListedAsync(other, "&tier=memory"));
        using var explained = await other.Http.GetAsync("/v1/explain?session=a");
        var copies = (await explained.JsonAsync()).GetProperty("shared").EnumerateArray().Select(static copy => $"{copy.GetProperty("tier")}: {copy.GetProperty("holds")}").ToList();
        Assert.Matches("^redis: (all|a part) of it$", copies[0]); // what Redis cannot know to be all is a part, until PostgreSQL has told
        Assert.Equal("postgres: all of it", copies[1]);
        Assert.Equal("memory, spillover, redis, postgres", await MovedAsync(other, "load", null));
        Assert.Equal("spillover, redis, postgres", await MovedAsync(other, "migrate", """{"to":"postgres"}"""));
    }

    [Fact]
    public async Task Delete_OfAParent_TakesItsChildrenAndTheirsEverywhere()
    {
        var policy = SharedFixture.Policy(_name).Replace(
            "rules: [",
            "rules: [{name: parts, match: {sessions: ['part:*:*']}, parent: 'msg:{1}', strategy: FullSession}, {name: messages, match: {sessions: ['msg:*']}, parent: 'chat:{1}', strategy: FullSession}, ",
            StringComparison.Ordinal);
        await using var writer = await servers.StartAsync(policy);
        await using var other = await servers.StartAsync(policy);
        foreach (var session in new[] { "chat:1", "chat:2", "msg:1", "msg:2", "part:1:x" }) await writer.PutAsync($"/v1/sessions/{session}/items/x", "1").AssertStatusAsync(201);
        await Until.SettledAsync(writer);
        await Until.SettledAsync(other);

        await other.Http.DeleteAsync("/v1/sessions/chat:1").AssertStatusAsync(204);

        foreach (var gone in new[] { "msg:1", "part:1:x" })
            await Until.HoldsAsync(async () => (await writer.Http.GetAsync($"/v1/sessions/{gone}/items/x")).StatusCode == System.Net.HttpStatusCode.NotFound ? null : $"{gone} is still there");
        foreach (var left in new[] { "chat:2", "msg:2" }) await writer.Http.GetAsync($"/v1/sessions/{left}/items/x").AssertStatusAsync(200);
    }

    [Fact]
    public async Task DeadLetters_AreListedRetriedAndDropped()
    {
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(_name));
        await Until.SettledAsync(sidecar);
        await sidecar.PutAsync("/v1/sessions/a/items/x", "1").AssertStatusAsync(201);
        await Until.SettledAsync(sidecar);
        await servers.Redis.RunAsync("HSET", $"tier:default/{_name}:s:{{:a}}", "h", "of a later program");
        await sidecar.PutAsync("/v1/sessions/a/items/y", "2").AssertStatusAsync(201);

        await Until.HoldsAsync(async () => (await LettersAsync(sidecar)).Count == 1 ? null : "nothing was refused");
        await sidecar.Http.PostAsync($"/v1/dead-letters/{(await LettersAsync(sidecar))[0]}/retry", null).AssertStatusAsync(200);
        await Until.HoldsAsync(async () => (await LettersAsync(sidecar)).Count == 1 ? null : "it was not refused again");
        await sidecar.Http.DeleteAsync($"/v1/dead-letters/{(await LettersAsync(sidecar))[0]}").AssertStatusAsync(200);

        Assert.Empty(await LettersAsync(sidecar));
        await sidecar.Http.DeleteAsync("/v1/dead-letters/99").AssertStatusAsync(404);
        await sidecar.Http.GetAsync("/v1/sessions/a/items/y").AssertStatusAsync(200);
    }

    [Fact]
    public async Task Retention_ChoosesInPostgres_AndEmptiesTheOtherTiers()
    {
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(_name, more: "  retention: [{dataCategory: raw, maxCount: 1, action: Delete}]"));
        await Until.SettledAsync(sidecar);
        for (var i = 0; i < 3; i++) await sidecar.PutAsync($"/v1/sessions/s{i}/items/x", "1").AssertStatusAsync(201);
        await Until.SettledAsync(sidecar);

        using var preview = await sidecar.Http.PostAsync("/v1/retention/run?dryRun=true", null);
        using var run = await sidecar.Http.PostAsync("/v1/retention/run", null);
        var (previewed, executed) = (await IdsAsync(preview), await IdsAsync(run));
        await Until.SettledAsync(sidecar);

        Assert.Equal(2, previewed.Count);
        Assert.Equal(previewed, executed);
        Assert.Single(await ListedAsync(sidecar, ""));
        Assert.Single(await ListedAsync(sidecar, "&tier=redis"));
    }

    private static async Task<List<string>> IdsAsync(HttpResponseMessage response)
        => [.. (await response.JsonAsync()).GetProperty("entries")[0].GetProperty("ids").EnumerateArray().Select(static id => id.GetString()!).Order(StringComparer.Ordinal)];

    private static async Task<List<string>> FoundAsync(RunningSidecar sidecar, string query)
    {
        using var response = await sidecar.Http.GetAsync($"/v1/search?q={query}");
        return [.. (await response.JsonAsync()).GetProperty("hits").EnumerateArray().Select(static hit => hit.GetProperty("session").GetString()!).Order(StringComparer.Ordinal)];
    }

    private static async Task<List<string>> ListedAsync(RunningSidecar sidecar, string more)
    {
        var sessions = new List<string>();
        for (var cursor = ""; ;)
        {
            using var response = await sidecar.Http.GetAsync($"/v1/sessions?limit=2{more}{(cursor.Length > 0 ? "&cursor=" + cursor : "")}");
            var page = await response.JsonAsync();
            sessions.AddRange(page.GetProperty("sessions").EnumerateArray().Select(static listed => listed.GetProperty("session").GetString()!));
            if (page.GetProperty("next").GetString() is not { } next) return sessions;
            cursor = next;
        }
    }

    private static async Task<List<string>> LettersAsync(RunningSidecar sidecar)
    {
        using var response = await sidecar.Http.GetAsync("/v1/dead-letters");
        return [.. (await response.JsonAsync()).GetProperty("letters").EnumerateArray().Select(static letter => letter.GetProperty("id").GetString()!)];
    }

    private static async Task<string> MovedAsync(RunningSidecar sidecar, string call, string? body)
    {
        using var response = await sidecar.Http.PostAsync($"/v1/sessions/a/{call}", body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var answer = await response.JsonAsync();
        return answer.TryGetProperty("tiers", out var tiers) ? string.Join(", ", tiers.EnumerateArray().Select(static tier => tier.GetString())) : answer.ToString();
    }
}
