using System.Text;
using System.Text.Json;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Commands;

public sealed class ClientCommandTests
{
    [Fact]
    public async Task Storage_Commands_TalkToARunningSidecar()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/a%2Fb/items/i", "hello").AssertStatusAsync(201);
        await sidecar.PutAsync("/v1/sessions/p:1", """{"x":1}""", "application/json").AssertStatusAsync(201);
        string[] url = ["--url", sidecar.Host.Api.ToString()];

        Assert.Equal("hello", (await OkAsync(["storage", "retrieve", "a/b", "--item", "i", .. url])));
        Assert.Equal("""{"x":1}""", await OkAsync(["storage", "retrieve", "p:1", .. url]));
        Assert.Contains("memory", await OkAsync(["storage", "status", .. url]), StringComparison.Ordinal);
        using var stats = JsonDocument.Parse(await OkAsync(["storage", "stats", "--output", "json", .. url]));
        Assert.Equal(2, stats.RootElement.GetProperty("tiers").GetArrayLength());
        Assert.Contains("1 sessions moved", await OkAsync(["storage", "migrate", "--prefix", "p:", "--to", "spillover", .. url]), StringComparison.Ordinal);
        Assert.Contains("memory", await OkAsync(["storage", "migrate", "p:1", "--to", "memory", .. url]), StringComparison.Ordinal);
        Assert.Matches("is now in: spillover$", (await OkAsync(["storage", "evict", "p:1", .. url])).TrimEnd());
        Assert.Contains("memory", await OkAsync(["storage", "load", "p:1", .. url]), StringComparison.Ordinal);
        Assert.Contains("compacted", await OkAsync(["storage", "compact", .. url]), StringComparison.Ordinal);
        Assert.Contains("chat", await OkAsync(["retention", "run", "--dry-run", .. url]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StorageExplain_NestedAnswer_HasARowForEachMember()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/i", "hello").AssertStatusAsync(201);

        var lines = (await OkAsync(["storage", "explain", "s", "--url", sidecar.Host.Api.ToString()])).Split('\n').Select(static line => line.TrimEnd()).ToList();

        Assert.Contains(lines, static line => line.StartsWith("  session  ", StringComparison.Ordinal) && line.EndsWith(" s", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("      item  ", StringComparison.Ordinal) && line.EndsWith(" i", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, static line => line.Contains('{', StringComparison.Ordinal));
    }

    [Fact]
    public async Task CheckpointList_ManySessions_FitsInEightyColumns()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        for (var i = 0; i < 1200; i++) await sidecar.PutAsync($"/v1/sessions/s{i}/items/i", "x").AssertStatusAsync(201);
        string[] url = ["--url", sidecar.Host.Api.ToString()];
        await OkAsync(["checkpoint", "create", .. url]);

        var lines = (await OkAsync(["checkpoint", "list", .. url])).Split('\n');

        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= 80, line));
        var row = Assert.Single(lines, line => line.Contains("1200", StringComparison.Ordinal));
        Assert.Matches(@"\d{8}T\d{9}Z +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +1200 +1200 +[\d.]+ KiB", row);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("ä b?#%")]
    public async Task Retrieve_AnyId_IsTakenAsItIs(string id)
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        var encoded = string.Concat(Encoding.UTF8.GetBytes(id).Select(value => $"%{value:X2}"));
        await sidecar.RawAsync($"PUT /v1/sessions/{encoded}/items/{encoded} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        string[] url = ["--url", sidecar.Host.Api.ToString()];

        Assert.Equal("hello", await OkAsync(["storage", "retrieve", id, "--item", id, .. url]));
        Assert.Contains("spillover", await OkAsync(["storage", "migrate", id, "--to", "spillover", .. url]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_ManyOfWhichSomeMayNot_MovesTheOthersAndTellsBoth()
    {
        var policy = Policies.MemoryAndDisk.Replace("rules:", "rules:\n    - {name: pinned, match: {sessions: [\"m:pinned\"]}, tiers: [memory]}", StringComparison.Ordinal);
        await using var sidecar = await RunningSidecar.StartAsync(policy);
        foreach (var id in new[] { "m:1", "m:pinned", "m:2" }) await sidecar.PutAsync($"/v1/sessions/{id}/items/i", "x").AssertStatusAsync(201);

        var (code, _, error) = await SidecarExecutable.RunAsync(["storage", "migrate", "--prefix", "m:", "--to", "spillover", "--url", sidecar.Host.Api.ToString()]);

        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("2 sessions moved, 1 not", error, StringComparison.Ordinal);
        Assert.Contains("m:pinned", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_ResultThatCannotBeWritten_IsToldInOneLine()
    {
        using var folder = new TempFolder();
        var policy = folder.Write("p.yaml", Policies.MemoryOnly);

        var (code, error) = await SidecarExecutable.RunIntoAsync("/dev/full", ["policy", "lint", policy]);

        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith("the result could not be written", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task Command_AnswerOfAnotherServer_IsToldInOneLine()
    {
        await using var server = new CannedServer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");

        var (code, _, error) = await SidecarExecutable.RunAsync(["storage", "status", "--url", server.Url]);

        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("is this the API port?", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task Command_Refused_IsExitCode1WithTheSidecarsWords()
    {
        await using var sidecar = await RunningSidecar.StartAsync();

        var (code, _, error) = await SidecarExecutable.RunAsync(["storage", "retrieve", "none", "--url", sidecar.Host.Api.ToString()]);

        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("No tier of the policy holds this session", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_NobodyListens_IsExitCode2AndSaysWhatToDo()
    {
        var (code, _, error) = await SidecarExecutable.RunAsync(["storage", "status"], ("TIER_URL", "http://127.0.0.1:1"));

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("is the sidecar running?", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("storage", "frobnicate")]
    [InlineData("storage", "migrate", "x")]
    [InlineData("storage", "status", "--output", "xml")]
    [InlineData("run", "--no-such-flag")]
    public async Task Command_CalledWrongly_IsExitCode2(params string[] arguments)
        => Assert.Equal(ExitCode.Usage, (await SidecarExecutable.RunAsync(arguments)).Code);

    [Fact]
    public async Task Command_AnswerThatBreaksOff_IsToldInOneLine()
    {
        await using var server = new CannedServer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{");

        var (code, _, error) = await SidecarExecutable.RunAsync(["storage", "retrieve", "s", "--url", server.Url]);

        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith("the answer broke off", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    private static async Task<string> OkAsync(string[] arguments)
    {
        var (code, output, error) = await SidecarExecutable.RunAsync(arguments);
        Assert.True(code == 0, $"exit code {code}: {error}");
        return output;
    }
}
