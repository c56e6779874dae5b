using System.Diagnostics;
using System.Text.Json;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Clients that people use, unchanged.</summary>
public sealed class RealClientTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task RedisCli_InBothProtocols_ReadsWhatItWrote()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);

        Assert.Equal("OK", await CliAsync(sidecar, "SET", "greeting", "hello world"));
        Assert.Equal("hello world", await CliAsync(sidecar, "GET", "greeting"));
        Assert.Equal("2", await CliAsync(sidecar, "-3", "HSET", "h", "a", "1", "b", "2"));
        Assert.Equal("greeting\nh", string.Join('\n', (await CliAsync(sidecar, "--scan")).Split('\n').Order(StringComparer.Ordinal)));
        Assert.Contains("redis_version:7.0", await CliAsync(sidecar, "INFO", "server"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RedisBenchmark_WithPipelines_RunsThrough()
    {
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);

        var output = await RunAsync("redis-benchmark", ["-p", $"{sidecar.Host.Resp.Port}", "-t", "ping,set,get,incr,hset,mset", "-n", "2000", "-P", "8", "-c", "20", "-r", "500", "--csv"]);

        Assert.Equal(7, output.Split('\n').Count(line => line.Contains("\",\"", StringComparison.Ordinal) && !line.StartsWith("\"test", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task NodeRedisAndIoredis_GetWhatTheyExpect()
    {
        if (!IsThere("npm") || !IsThere("node")) Assert.Skip("node and npm are not installed: apt-get install nodejs npm");
        await using var sidecar = await RunningSidecar.StartAsync(RespPolicies.MemoryAndDisk);
        using var folder = new TempFolder();
        foreach (var file in (string[])["package.json", "package-lock.json", "clients.mjs"])
            File.Copy(Repository.PathOf($"tests/TierOperator.Sidecar.Tests/Resp/Node/{file}"), folder.File(file));
        await RunAsync("npm", ["ci", "--prefix", folder.Path, "--no-audit", "--no-fund", "--silent"]);

        using var told = JsonDocument.Parse(await RunAsync("node", [folder.File("clients.mjs"), $"{sidecar.Host.Resp.Port}"]));

        foreach (var client in (string[])["nodeRedis2", "nodeRedis3"])
            Assert.Equal("""{"get":"value","ttl":true,"hash":{"a":"1","b":"2"},"exec":[1,42,"42"],"heard":"hello","keys":3}""", told.RootElement.GetProperty(client).GetRawText());
        Assert.Equal(
            """{"get":"value","ttl":true,"hash":{"a":"1","b":"2"},"piped":[1,42,"42"],"executed":["OK","1"],"buffer":"76616c7565","heard":"hello"}""",
            told.RootElement.GetProperty("ioredis").GetRawText());
    }

    private static bool IsThere(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static Task<string> CliAsync(RunningSidecar sidecar, params string[] arguments)
        => RunAsync("redis-cli", ["-p", $"{sidecar.Host.Resp.Port}", .. arguments]);

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(s_patience);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }
}
