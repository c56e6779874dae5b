using System.Globalization;
using System.Net.Sockets;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Hosting;

/// <summary>The real executable: its ready line, its refusals and its end.</summary>
public sealed class ExecutableTests : IDisposable
{
    private static readonly string[] s_freePorts = ["--api-port", "0", "--admin-port", "0", "--resp-port", "0"];
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Run_GoodPolicy_PrintsItsReadyLineAndStopsCleanly()
    {
        await using var sidecar = await StartAsync(Policies.MemoryAndDisk, "--data", _folder.File("data"));
        using var http = new HttpClient { BaseAddress = sidecar.Api };
        using var put = await http.PutAsync("/v1/sessions/s/items/i", new StringContent("kept"));

        var (code, error) = await sidecar.StopAsync();

        Assert.Matches("^ready api=http://127.0.0.1:[0-9]+ resp=127.0.0.1:[0-9]+ admin=http://127.0.0.1:[0-9]+ policy=test revision=[0-9a-f]{64}$", sidecar.ReadyLine);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("0 sessions pending", error, StringComparison.Ordinal);
        await using var again = await StartAsync(Policies.MemoryAndDisk, "--data", _folder.File("data"));
        using var reader = new HttpClient { BaseAddress = again.Api };
        Assert.Equal("kept", await reader.GetStringAsync("/v1/sessions/s/items/i"));
    }

    [Fact]
    public async Task Run_Interrupted_StopsTooAndLogsJson()
    {
        await using var sidecar = await StartAsync(Policies.MemoryOnly, "--log-format", "json");

        var (code, error) = await sidecar.StopAsync("INT");

        Assert.Equal(ExitCode.Ok, code);
        Assert.All(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("{", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_UnixSocket_ServesTheApiThereForAnyHost()
    {
        await using var sidecar = await StartAsync(Policies.MemoryOnly, "--unix-socket", _folder.File("api.sock"));

        var answer = await RawSocket.TalkAsync(new UnixDomainSocketEndPoint(_folder.File("api.sock")), "GET /v1/status HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        (await RawSocket.TalkAsync(new UnixDomainSocketEndPoint(_folder.File("api.sock")), "NONSENSE\r\n\r\n")).AssertProblem("400");
    }

    [Theory]
    [InlineData("unknown field", "capacty", ExitCode.Refused)]
    [InlineData("empty", "empty", ExitCode.Refused)]
    [InlineData("missing", "no such file", ExitCode.Usage)]
    public async Task Run_BadPolicy_SaysWhatIsWrong(string kind, string says, int code)
    {
        if (kind != "missing") _folder.Write("policy.yaml", kind == "empty" ? "" : Policies.Faulty);

        await AssertRefusedAsync(code, says, ["run", "--policy", _folder.File("policy.yaml"), .. s_freePorts]);
    }

    [Fact]
    public async Task Run_WithoutPolicyOrData_SaysWhichFlag()
    {
        await AssertRefusedAsync(ExitCode.Usage, "--policy", ["run", .. s_freePorts]);
        await AssertRefusedAsync(ExitCode.Usage, "--data", ["run", "--policy", _folder.Write("p.yaml", Policies.MemoryAndDisk), .. s_freePorts]);
    }

    [Fact]
    public async Task Run_DataFolderInUseOrAFile_SaysSo()
    {
        await using var first = await StartAsync(Policies.MemoryAndDisk, "--data", _folder.File("data"));

        await AssertRefusedAsync(ExitCode.Data, "use", ["run", "--policy", _folder.File("policy.yaml"), "--data", _folder.File("data"), .. s_freePorts]);
        var file = _folder.Write("file", "x");
        foreach (var path in new[] { file, Path.Combine(file, "below", "it") })
            await AssertRefusedAsync(ExitCode.Data, $"{file} is a file: name a folder with --data", ["run", "--policy", _folder.File("policy.yaml"), "--data", path, .. s_freePorts]);
    }

    [Fact]
    public async Task Run_PortInUse_SaysWhichAndHowToChange()
    {
        await using var first = await StartAsync(Policies.MemoryOnly);
        var taken = first.Api!.Port.ToString(CultureInfo.InvariantCulture);

        await AssertRefusedAsync(ExitCode.Address, "--api-port", ["run", "--policy", _folder.File("policy.yaml"), "--api-port", taken, "--admin-port", "0", "--resp-port", "0"]);
    }

    [Fact]
    public async Task Run_EncryptionKeys_MustBeThereAndRight()
    {
        string[] run = ["run", "--policy", _folder.Write("p.yaml", Policies.Encrypted), "--data", _folder.File("data"), .. s_freePorts];
        await AssertRefusedAsync(ExitCode.Key, "--secrets", run);
        await AssertRefusedAsync(ExitCode.Key, "keys", [.. run, "--secrets", _folder.File("secrets")]);

        Directory.CreateDirectory(_folder.File("secrets/keys"));
        _folder.Write("secrets/keys/current", "k1");
        _folder.Write("secrets/keys/k1", "too short");
        await AssertRefusedAsync(ExitCode.Key, "k1", [.. run, "--secrets", _folder.File("secrets")]);
    }

    [Fact]
    public async Task Run_SocketWhereAFileStands_KeepsTheFile()
    {
        var policy = _folder.Write("p.yaml", Policies.MemoryOnly);
        string[] run = ["run", "--policy", policy, .. s_freePorts, "--unix-socket"];

        await AssertRefusedAsync(ExitCode.Address, "a file stands there", [.. run, policy]);
        await AssertRefusedAsync(ExitCode.Address, "it is a folder", [.. run, _folder.Path]);
        await AssertRefusedAsync(ExitCode.Address, "there is no folder", [.. run, _folder.File("none/api.sock")]);
        await AssertRefusedAsync(ExitCode.Address, "longer than 107 bytes", [.. run, _folder.File(new string('a', 120))]);
        Assert.Equal(Policies.MemoryOnly, await File.ReadAllTextAsync(policy));
    }

    [Theory]
    [InlineData("--policy", "", "--policy is empty")]
    [InlineData("--data", "", "--data is empty")]
    [InlineData("--allowed-host", "http://x", "--allowed-host is")]
    [InlineData("--log-level", "3", "--log-level is")]
    [InlineData("--token-file", "TWO WORDS", "which no header could carry")]
    [InlineData("--policy", "/dev/zero", "larger than 1 MiB")]
    public async Task Run_ValueThatCannotBe_SaysSoInOneLine(string flag, string value, string says)
    {
        if (value.Contains(' ', StringComparison.Ordinal)) value = _folder.Write("token", value);
        string[] policy = flag == "--policy" ? [] : ["--policy", _folder.Write("p.yaml", Policies.MemoryOnly)];

        var code = value == "/dev/zero" ? ExitCode.Refused : ExitCode.Usage;

        await AssertRefusedAsync(code, says, ["run", .. policy, flag, value, .. s_freePorts]);
    }

    [Theory]
    [InlineData("--grace", "60d", "1d")]
    [InlineData("--keep-alive", "2000y", "1d")]
    [InlineData("--headers-timeout", "0s", "above zero")]
    public async Task Run_TimeOutOfRange_SaysTheRange(string flag, string value, string says)
        => await AssertRefusedAsync(ExitCode.Usage, says, ["run", "--policy", _folder.Write("p.yaml", Policies.MemoryOnly), flag, value, .. s_freePorts]);

    [Fact]
    public async Task Run_Variables_AreReadAndNamedInFaults()
    {
        var (code, _, error) = await SidecarExecutable.RunAsync(["run", "--api-port", "0"], ("TIER_POLICY", _folder.Write("p.yaml", Policies.MemoryOnly)), ("TIER_ADMIN_PORT", "many"));

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("TIER_ADMIN_PORT", error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Task<SidecarExecutable> StartAsync(string policy, params string[] flags)
        => SidecarExecutable.StartAsync(["--policy", _folder.Write("policy.yaml", policy), .. s_freePorts, .. flags]);

    private static async Task AssertRefusedAsync(int code, string says, string[] arguments)
    {
        var (exit, output, error) = await SidecarExecutable.RunAsync(arguments);

        Assert.True(code == exit, $"wanted exit code {code}, got {exit}: {error}");
        Assert.Contains(says, error, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(output);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }
}
