using System.Diagnostics;

namespace TierOperator.TestKit.Postgres;

/// <summary>
/// A real PgBouncer before a server, in transaction mode with two server connections: statements of one client meet different server
/// sessions, and what relies on a session fails.
/// </summary>
/// <remarks>Needs Debian's pgbouncer (`make test` installs it).</remarks>
public sealed class PgBouncer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly string _folder;
    private readonly int _port;
    private Process? _process;

    private PgBouncer(string folder, int port) => (_folder, _port) = (folder, port);

    public string Url => $"postgres://{PostgresServer.User}:{PostgresServer.Password}@127.0.0.1:{_port}/postgres";

    public static async Task<PgBouncer> StartAsync(PostgresServer server)
    {
        var bouncer = new PgBouncer(Directory.CreateTempSubdirectory("tier-pgbouncer-").FullName, PostgresServer.FreePort());
        try
        {
            await bouncer.RunAsync(server);
            return bouncer;
        }
        catch
        {
            await bouncer.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync(PostgresServer server)
    {
        var settings = Path.Combine(_folder, "pgbouncer.ini");
        var users = Path.Combine(_folder, "users.txt");
        await PostgresFolder.WriteAsync(users, $"\"{PostgresServer.User}\" \"{PostgresServer.Password}\"\n");
        await PostgresFolder.WriteAsync(settings, $"""
            [databases]
            * = host=127.0.0.1 port={server.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {_port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {users}
            pool_mode = transaction
            default_pool_size = 2
            max_client_conn = 200
            """);
        await PostgresFolder.OwnAsync(_folder);
        var start = PostgresFolder.AsServerUser("/usr/sbin/pgbouncer", [settings]);
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        var said = new List<string>();
        using var patience = new CancellationTokenSource(s_patience);
        while (await _process.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            said.Add(line);
            if (!line.Contains("process up", StringComparison.Ordinal)) continue;
            _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
            return;
        }

        throw new InvalidOperationException($"PgBouncer did not start: {string.Join('\n', said)}");
    }
}
