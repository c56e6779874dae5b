using System.Diagnostics;

namespace TierOperator.Kubernetes.TestKit.Real;

/// <summary>
/// A server that ends with the test program, however that ends: a shell beside it waits for the end of a pipe that only the
/// test program holds, so that not even a SIGKILL leaves the server behind.
/// </summary>
internal sealed class GuardedProcess : IDisposable
{
    private const string Guard = """
        exec 3<&0
        "$@" 3<&- </dev/null & server=$!
        { read -r nothing <&3; kill -9 $server; } & guard=$!
        wait $server; code=$?
        kill $guard 2>/dev/null
        exit $code
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _lock = new();
    private readonly string _logPath;

    public GuardedProcess(string program, string folder, string log, IEnumerable<string> arguments)
    {
        _logPath = Path.Combine(folder, log);
        _log = new StreamWriter(_logPath) { AutoFlush = true };
        var start = new ProcessStartInfo("/bin/sh", ["-c", Guard, "sh", program, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = folder,
        };
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        _process.OutputDataReceived += Write;
        _process.ErrorDataReceived += Write;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>The last words that it wrote.</summary>
    public string Tail()
    {
        lock (_lock) return string.Join('\n', File.ReadLines(_logPath).TakeLast(15));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(Patience)) _process.Kill(entireProcessTree: true);
        _process.Dispose();
        lock (_lock) _log.Dispose();
    }

    private void Write(object sender, DataReceivedEventArgs line)
    {
        lock (_lock)
            if (line.Data is not null && _log.BaseStream is not null) _log.WriteLine(line.Data);
    }
}
