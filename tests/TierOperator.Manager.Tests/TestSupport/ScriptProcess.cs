using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>A process that a backend's script became. Killed with the test.</summary>
internal sealed class ScriptProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // helm and kubectl wait for a cluster by themselves, and say what they waited for.
    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(200);
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private ScriptProcess(Process process) =>
        (_process, _output, _error) = (process, process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());

    public static ScriptProcess Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new ScriptProcess(Process.Start(start)!);
    }

    /// <summary>Runs to the end and answers what it wrote to standard output; fails the test on another exit code than 0.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        await using var process = Start(program, arguments, environment);
        var (code, output) = await process.EndAsync();
        Assert.True(code == 0, $"{program} ended with {code}: {output}");
        return await process._output;
    }

    public async Task<(int Code, string Output)> EndAsync()
    {
        using var patience = new CancellationTokenSource(s_endPatience);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, await _output + await _error);
    }

    /// <summary>Asks again and again until it holds; what it said last stands in the failure.</summary>
    public static async Task UntilAsync(Func<Task<(bool Holds, string Said)>> look)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var said = "nothing";
        try
        {
            while (await timer.WaitForNextTickAsync(patience.Token))
            {
                (var holds, said) = await look();
                if (holds) return;
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"not within {s_patience.TotalSeconds} s; the last answer: {said}");
        }
    }

    /// <summary>Ports that nobody has; a Redis Cluster's bus stands 10,000 above, so all are low.</summary>
    public static int[] FreePorts(int count)
    {
        var ports = new List<int>();
        while (ports.Count < count)
        {
            var port = Random.Shared.Next(20_000, 30_000);
            if (!ports.Contains(port) && IsFree(port) && IsFree(port + 10_000)) ports.Add(port);
        }

        return [.. ports];
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
