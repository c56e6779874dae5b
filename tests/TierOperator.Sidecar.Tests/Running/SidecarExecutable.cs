using System.Diagnostics;
using System.Globalization;

namespace TierOperator.Sidecar.Tests.Running;

/// <summary>The real executable: <c>TIER_EXECUTABLE</c>, else the one that was built beside these tests.</summary>
internal sealed class SidecarExecutable : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly Task<string> _errors;

    private SidecarExecutable(Process process, string readyLine)
    {
        _process = process;
        ReadyLine = readyLine;
        _errors = process.StandardError.ReadToEndAsync();
        Api = readyLine.Length == 0 ? null : new Uri(Word("api="));
        Admin = readyLine.Length == 0 ? null : new Uri(Word("admin="));
    }

    public string ReadyLine { get; }
    public Uri? Api { get; }
    public Uri? Admin { get; }

    /// <summary>Starts <c>tier run</c> and waits for its ready line; an empty one when it ended before.</summary>
    public static async Task<SidecarExecutable> StartAsync(params string[] arguments)
    {
        var process = Launch(["run", .. arguments], []);
        using var patience = new CancellationTokenSource(Patience);
        return new SidecarExecutable(process, await process.StandardOutput.ReadLineAsync(patience.Token) ?? "");
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments, params (string Name, string Value)[] variables)
    {
        using var process = Launch(arguments, variables);
        using var patience = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Runs a command whose standard output is a file, by way of a shell.</summary>
    public static async Task<(int Code, string Error)> RunIntoAsync(string file, string[] arguments)
    {
        var command = Command(arguments);
        var line = string.Join(' ', command.ArgumentList.Prepend(command.FileName).Select(word => $"'{word}'"));
        var start = new ProcessStartInfo("sh") { ArgumentList = { "-c", $"{line} > {file}" }, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        var error = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, error);
    }

    /// <summary>Sends a signal and answers the exit code and what was logged.</summary>
    public async Task<(int Code, string Error)> StopAsync(string signal = "TERM")
    {
        using (var kill = Process.Start("kill", ["-s", signal, _process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        return await ExitAsync();
    }

    public async Task<(int Code, string Error)> ExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private string Word(string name) => ReadyLine.Split(' ').Single(word => word.StartsWith(name, StringComparison.Ordinal))[name.Length..];

    /// <summary>Starts the executable and waits for nothing.</summary>
    public static Process Launch(string[] arguments, (string Name, string Value)[] variables)
    {
        var start = Command(arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var (name, value) in variables) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static ProcessStartInfo Command(string[] arguments)
    {
        var named = Environment.GetEnvironmentVariable("TIER_EXECUTABLE");
        var start = named is not null ? new ProcessStartInfo(named) : new ProcessStartInfo("dotnet") { ArgumentList = { Path.Combine(AppContext.BaseDirectory, "tier.dll") } };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
