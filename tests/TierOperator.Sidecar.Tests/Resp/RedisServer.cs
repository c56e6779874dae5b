using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>A real redis-server on a free port, without persistence, for as long as a test class runs.</summary>
public sealed class RedisServer : IDisposable
{
    private Process? _process;

    public RedisServer()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Endpoint = (IPEndPoint)probe.LocalEndpoint;
        probe.Stop();
        Start();
    }

    public IPEndPoint Endpoint { get; }

    /// <summary>Again on the same port, with nothing in it.</summary>
    public void Start()
    {
        var start = new ProcessStartInfo("redis-server", ["--port", $"{Endpoint.Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--enable-debug-command", "yes", "--daemonize", "no", "--dir", Path.GetTempPath()])
        {
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start) ?? throw new InvalidOperationException("redis-server could not be started: apt-get install redis-server");
        while (_process.StandardOutput.ReadLine() is { } line)
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal)) break;
        if (_process.HasExited) throw new InvalidOperationException("redis-server ended before it was ready");

        // A pipe that nobody reads would stop it when it is full.
        _ = _process.StandardOutput.ReadToEndAsync();
    }

    public void Stop()
    {
        if (_process is not { } process) return;
        if (!process.HasExited) process.Kill();
        process.WaitForExit();
        process.Dispose();
        _process = null;
    }

    public void Dispose() => Stop();
}
