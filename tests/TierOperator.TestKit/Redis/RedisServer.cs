using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TierOperator.TestKit.Redis;

/// <summary>
/// A real redis-server (or Sentinel) on a free port, in a temporary folder of its own. Ends with the test; can be killed, frozen and started
/// again on the same port before that.
/// </summary>
public sealed partial class RedisServer : IAsyncDisposable
{
    private const int SignalKill = 9, SignalContinue = 18, SignalStop = 19;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string[] _settings;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tier-redis-");
    private Process? _process;
    private bool _isFrozen;

    private RedisServer(int port, string[] settings) => (Port, _settings) = (port, settings);

    public int Port { get; }
    public string Url => $"redis://127.0.0.1:{Port}";
    public string Folder => _folder.FullName;

    /// <summary>Words for redis-cli before each command: a password, TLS.</summary>
    public string[] ClientOptions { get; init; } = [];
    public bool IsRunning => _process is { HasExited: false };
    public int ProcessId => _process!.Id;

    /// <param name="settings">As on the command line: <c>--maxmemory 10mb</c> is two words.</param>
    public static Task<RedisServer> StartAsync(params string[] settings) => StartAsync([], settings);

    public static async Task<RedisServer> StartAsync(string[] clientOptions, string[] settings)
    {
        var server = new RedisServer(FreePort(), settings) { ClientOptions = clientOptions };
        await server.RestartAsync();
        return server;
    }

    /// <summary>A server that speaks TLS only.</summary>
    public static async Task<RedisServer> StartTlsAsync(string[] clientOptions, string[] settings)
    {
        var port = FreePort();
        var server = new RedisServer(port, ["--port", "0", "--tls-port", $"{port}", .. settings]) { ClientOptions = clientOptions };
        await server.RestartAsync();
        return server;
    }

    /// <summary>A Sentinel from its configuration, which it rewrites.</summary>
    internal static async Task<RedisServer> StartSentinelAsync(string configuration)
    {
        var server = new RedisServer(FreePort(), ["--sentinel"]);
        await File.WriteAllTextAsync(Path.Combine(server.Folder, "sentinel.conf"), $"port {server.Port}\ndir {server.Folder}\n{configuration}\n");
        await server.RestartAsync();
        return server;
    }

    /// <summary>Starts it, again where it ran before; returns when it answers.</summary>
    public async Task RestartAsync()
    {
        string[] arguments = _settings is ["--sentinel"]
            ? [Path.Combine(Folder, "sentinel.conf"), "--sentinel"]
            : ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Folder, "--save", "", "--appendonly", "no", "--enable-debug-command", "yes", .. _settings];
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("redis-server did not start: install the package redis-server");
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _isFrozen = false;
        var started = Stopwatch.GetTimestamp();
        while (await TryRunAsync("PING") is var (answer, _) && !answer.Contains("PONG", StringComparison.Ordinal))
        {
            if (_process.HasExited) throw new InvalidOperationException($"redis-server ended with {_process.ExitCode} at its start");
            if (Stopwatch.GetElapsedTime(started) > s_patience) throw new TimeoutException($"redis-server does not answer: {answer}");
            await Task.Delay(10);
        }
    }

    /// <summary>Ends it without warning, as a power cut would.</summary>
    public void Kill()
    {
        Signal(SignalKill);
        _process!.WaitForExit();
    }

    /// <summary>Stops it where it stands: connections stay open and nothing answers.</summary>
    public void Freeze()
    {
        Signal(SignalStop);
        _isFrozen = true;
    }

    public void Thaw()
    {
        Signal(SignalContinue);
        _isFrozen = false;
    }

    /// <summary>Runs a command by redis-cli; its output, or throws what it complained of.</summary>
    public async Task<string> RunAsync(params string[] command)
    {
        var (output, isTaken) = await TryRunAsync(command);
        return isTaken ? output : throw new InvalidOperationException($"{string.Join(' ', command)}: {output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            if (_isFrozen) Thaw();
            Kill();
        }

        _process?.Dispose();
        _folder.Delete(recursive: true);
        await Task.CompletedTask;
    }

    internal static int FreePort()
    {
        // A Cluster's bus listens 10,000 above, so the port must leave room for that; those below the range of outgoing ones stay free.
        while (true)
        {
            var port = Random.Shared.Next(10_000, 22_000);
            if (IsFree(port) && IsFree(port + 10_000)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private Task<(string Output, bool IsTaken)> TryRunAsync(params string[] command) => RedisCli.RunAsync(["-p", $"{Port}", .. ClientOptions, .. command]);

    private void Signal(int signal)
    {
        if (kill(_process!.Id, signal) != 0) throw new InvalidOperationException($"redis-server could not be sent the signal {signal}");
    }

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int process, int signal);
}
