using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace TierOperator.EndToEnd.Tests;

/// <summary>The real executable on free ports, to be killed as the kernel kills.</summary>
internal sealed partial class SidecarProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private SidecarProcess(Process process, string readyLine)
    {
        _process = process;
        var addresses = readyLine.Split(' ').Where(word => word.Contains('=', StringComparison.Ordinal)).Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Client = new HttpClient { BaseAddress = new Uri(addresses["api"]), Timeout = TimeSpan.FromSeconds(30) };
        Resp = IPEndPoint.Parse(addresses["resp"]);
    }

    public HttpClient Client { get; }
    public int Id => _process.Id;

    /// <summary>Where Redis clients connect.</summary>
    public IPEndPoint Resp { get; }

    public static async Task<SidecarProcess> StartAsync(string policyFile, string dataFolder, params string[] flags)
    {
        var start = new ProcessStartInfo(Executable(), ["run", "--policy", policyFile, "--data", dataFolder, "--api-port", "0", "--admin-port", "0", "--resp-port", "0", .. flags])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(s_patience);
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (!line.StartsWith("ready ", StringComparison.Ordinal)) continue;
            _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            return new SidecarProcess(process, line);
        }

        throw new InvalidOperationException($"the sidecar ended before it was ready: {await errors}");
    }

    /// <summary>kill -9: nothing in the process gets a chance.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a pod's end begins; its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        _ = Signal(_process.Id, Terminate);
        using var patience = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private static string Executable()
    {
        if (Environment.GetEnvironmentVariable("TIER_EXECUTABLE") is { Length: > 0 } named) return named;
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            var built = Path.Combine(at, "out", "sidecar", "tier");
            if (File.Exists(built)) return built;
        }

        throw new FileNotFoundException("out/sidecar/tier is missing: run `make build`, or name it in TIER_EXECUTABLE.");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int process, int signal);
}
