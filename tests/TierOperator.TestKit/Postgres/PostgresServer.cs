using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.TestKit.Postgres;

/// <summary>
/// A real PostgreSQL of its own: a free port on 127.0.0.1, a temporary folder, an unprivileged user. It can be frozen, thawed,
/// killed as the kernel kills, and started again on the same data. Disposing removes everything.
/// </summary>
/// <remarks>Needs Debian's postgresql (`make test` installs it). One owner; not thread-safe.</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The superuser that the server is made with.</summary>
    public const string User = "tier";
    public const string Password = "Only-4-tests";
    private const string Database = "postgres";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<PostgresServer, byte> s_running = new();

    private readonly PostgresServerOptions _options;
    private Process? _process;

    static PostgresServer()
        => AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
        {
            foreach (var server in s_running.Keys) server.KillAll();
        };

    private PostgresServer(PostgresServerOptions options, string folder, int port) => (_options, Folder, Port) = (options, folder, port);

    /// <summary>The data folder.</summary>
    public string Folder { get; }
    public bool IsRunning => _process is { HasExited: false };
    public int Port { get; private set; }
    public string Url => UrlOf();

    /// <summary>A URL with other parts.</summary>
    public string UrlOf(string user = User, string password = Password, string database = Database, string parameters = "")
        => $"postgres://{user}:{password}@127.0.0.1:{Port}/{database}{(parameters.Length > 0 ? "?" + parameters : "")}";

    public static async Task<PostgresServer> StartAsync(PostgresServerOptions? options = null)
    {
        var server = new PostgresServer(options ?? new(), await PostgresFolder.CreateAsync(), FreePort());
        try
        {
            if (server._options.ServerCertificate is { } certificate) await PostgresFolder.AddCertificateAsync(server.Folder, certificate);
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A standby that follows this server, and takes reads; <see cref="PromoteAsync"/> makes it the primary.</summary>
    public async Task<PostgresServer> StartStandbyAsync()
    {
        var standby = new PostgresServer(_options, await PostgresFolder.CopyRunningAsync(Port, User, Password), FreePort());
        try
        {
            await standby.StartAgainAsync();
            return standby;
        }
        catch
        {
            await standby.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a standby the primary; returns once it takes writes.</summary>
    public Task PromoteAsync() => PostgresFolder.PromoteAsync(Folder);

    /// <summary>Starts on the same data and port, and returns once it takes connections.</summary>
    public async Task StartAgainAsync()
    {
        var start = PostgresFolder.AsServerUser(PostgresFolder.Program("postgres"), [
            "-D", Folder, "-k", Folder, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
            "-c", $"max_connections={_options.MaxConnections}", "-c", $"fsync={(_options.Fsync ? "on" : "off")}", "-c", "lc_messages=C",
            .. _options.Settings.SelectMany(static pair => new[] { "-c", $"{pair.Key}={pair.Value}" })]);
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        s_running.TryAdd(this, 0);
        var said = new List<string>();
        using var patience = new CancellationTokenSource(s_patience);
        while (await _process.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            said.Add(line);
            if (!line.Contains("ready to accept", StringComparison.Ordinal)) continue;
            _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
            return;
        }

        throw new InvalidOperationException($"PostgreSQL did not start: {string.Join('\n', said)}");
    }

    /// <summary>Runs SQL as the superuser, behind the tier's back; what it answered.</summary>
    public Task<string> AskAsync(string sql) => PostgresFolder.AskAsync(Port, User, Password, sql);

    /// <summary>SIGSTOP for all of it: connections stay open, nothing answers.</summary>
    public void Freeze() => ServerProcesses.SignalTree(_process!.Id, ServerProcesses.Stop);

    public void Thaw() => ServerProcesses.SignalTree(_process!.Id, ServerProcesses.Continue);

    /// <summary>SIGKILL for all of it.</summary>
    public Task KillAsync()
    {
        KillAll();
        return EndedAsync();
    }

    /// <summary>As an administrator does it: calls under way are ended, the server goes down in order, and comes again on the same port.</summary>
    public async Task RestartAsync()
    {
        ServerProcesses.Interrupt(_process!.Id);
        await EndedAsync();
        await StartAgainAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
        s_running.TryRemove(this, out _);
        Directory.Delete(Folder, recursive: true);
    }

    private async Task EndedAsync()
    {
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    private void KillAll()
    {
        if (_process is { HasExited: false }) ServerProcesses.SignalTree(_process.Id, ServerProcesses.Kill);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>How a test's server is set up.</summary>
public sealed record PostgresServerOptions
{
    public int MaxConnections { get; init; } = 100;

    /// <summary>On where a test kills the machine or measures; off elsewhere, because it only costs time there.</summary>
    public bool Fsync { get; init; }

    /// <summary>Further settings of postgresql.conf.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Certificate and key in PEM: the server then offers TLS.</summary>
    public (string Certificate, string Key)? ServerCertificate { get; init; }
}
