using System.Text.Json;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Commands;

/// <summary>With <c>--output json</c> a refusal is one JSON object on standard error, with the exit code that people get.</summary>
public sealed class JsonErrorTests
{
    [Fact]
    public async Task Refusal_OfTheSidecar_CarriesItsProblem()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        string[] url = ["--url", sidecar.Host.Api.ToString()];
        string[][] commands =
        [
            ["storage", "retrieve", "none"], ["storage", "migrate", "none", "--to", "memory"], ["storage", "migrate", "x", "--to", "moon"],
            ["checkpoint", "create"], ["checkpoint", "list"], ["checkpoint", "restore", "none"], ["storage", "compact"],
        ];
        foreach (var command in commands)
        {
            var plain = await SidecarExecutable.RunAsync([.. command, .. url]);
            var error = await RefusedAsync([.. command, .. url], plain.Code);

            Assert.StartsWith("https://tieroperator.io/problems/", error.GetProperty("problem").GetProperty("type").GetString(), StringComparison.Ordinal);
            Assert.Contains(error.GetProperty("problem").GetProperty("detail").GetString()!, plain.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("storage", "status")]
    [InlineData("storage", "stats")]
    [InlineData("storage", "retrieve", "s")]
    [InlineData("storage", "migrate", "--prefix", "p", "--to", "memory")]
    [InlineData("storage", "migrate", "--to", "memory")]
    [InlineData("storage", "compact")]
    [InlineData("checkpoint", "create")]
    [InlineData("checkpoint", "list")]
    [InlineData("checkpoint", "restore", "x")]
    [InlineData("retention", "run")]
    [InlineData("storage", "status", "--token-file", "/nowhere")]
    [InlineData("storage", "status", "--url", "gopher://x")]
    [InlineData("storage", "status", "--no-such-flag")]
    [InlineData("storage", "migrate", "x")]
    [InlineData("policy", "lint")]
    [InlineData("policy", "lint", "/nowhere.yaml")]
    [InlineData("policy", "explain", "/nowhere.yaml", "--session", "s")]
    [InlineData("policy", "explain", "/nowhere.yaml")]
    [InlineData("policy", "diff", "/nowhere.yaml", "/nowhere.yaml")]
    [InlineData("policy", "simulate", "/nowhere.yaml", "--trace", "/nowhere")]
    [InlineData("policy", "simulate", "/nowhere.yaml", "--trace", "/nowhere", "--limit", "x")]
    public async Task Call_ThatIsWrongOrReachesNothing_Is2(params string[] command)
        => await RefusedAsync([.. command.Take(2), .. command.Skip(2)], ExitCode.Usage);

    [Fact]
    public async Task Policy_WithFaults_CarriesThemAll()
    {
        using var folder = new TempFolder();
        var (good, faulty) = (folder.Write("good.yaml", Policies.MemoryOnly), folder.Write("faulty.yaml", Policies.Faulty));
        var noMemory = folder.Write("disk.yaml", Policies.MemoryOnly.Replace("memory: {capacity: 64Mi}", "spillover: {}", StringComparison.Ordinal));
        var trace = folder.Write("trace", "1\n2\n");

        var explained = await RefusedAsync(["policy", "explain", faulty, "--session", "s"], ExitCode.Refused);
        var simulated = await RefusedAsync(["policy", "simulate", faulty, "--trace", trace], ExitCode.Refused);
        var compared = await RefusedAsync(["policy", "diff", good, faulty], ExitCode.Usage);

        foreach (var error in (JsonElement[])[explained, simulated, compared])
            Assert.Equal("TP0010", error.GetProperty("files")[0].GetProperty("faults")[0].GetProperty("code").GetString());
        await RefusedAsync(["policy", "simulate", noMemory, "--trace", trace], ExitCode.Refused);
        await RefusedAsync(["policy", "simulate", good, "--trace", good], ExitCode.Usage);
        await RefusedAsync(["policy", "explain", good, "--session", ""], ExitCode.Usage);
    }

    private static async Task<JsonElement> RefusedAsync(string[] command, int exitCode)
    {
        var (code, _, text) = await SidecarExecutable.RunAsync([.. command, "--output", "json"], ("TIER_URL", "http://127.0.0.1:1"));
        Assert.True(exitCode == code, $"{string.Join(' ', command)} gave {code}: {text}");
        using var document = JsonDocument.Parse(text);
        var error = document.RootElement.GetProperty("error").Clone();
        Assert.Equal(exitCode, error.GetProperty("exitCode").GetInt32());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        return error;
    }
}
