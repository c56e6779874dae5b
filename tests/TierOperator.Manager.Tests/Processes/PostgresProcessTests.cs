using System.Globalization;
using TierOperator.Manager.Certificates;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Processes;

/// <summary>The generated configuration and scripts, run by a real PostgreSQL 15. It refuses to run as root, so root runs it as postgres.</summary>
public sealed class PostgresProcessTests : IAsyncDisposable
{
    private const string Binaries = "/usr/lib/postgresql/15/bin";
    private readonly string _root = Directory.CreateTempSubdirectory("tier-postgres-").FullName;
    private readonly int _port = ScriptProcess.FreePorts(1)[0];
    private ScriptProcess? _server;

    public PostgresProcessTests() => Assert.SkipUnless(Directory.Exists(Binaries), $"no PostgreSQL 15 in {Binaries}: install postgresql-15");

    [Fact]
    public async Task BackupAndRestore_ToATime_BringsBackWhatStoodThen()
    {
        await PrepareAsync();
        StartServer();
        await UntilUpAsync();
        await AskAsync("create table kept (id int primary key); insert into kept select generate_series(1, 1000)");
        await RunAsync("postgres-backup.sh", ("KEEP", "1"));
        await AskAsync("insert into kept select generate_series(1001, 1500); select pg_switch_wal()");
        var then = await AskAsync("select now()");
        await AskAsync("select pg_sleep(1.1); delete from kept; select pg_switch_wal()");
        await StopAsync();

        await RunAsync("postgres-restore.sh", ("TO", then));
        StartServer();
        await UntilUpAsync();

        await ScriptProcess.UntilAsync(async () => await AskAsync("select pg_is_in_recovery()") is var said && said == "f" ? (true, said) : (false, said));
        Assert.Equal("1500", await AskAsync("select count(*) from kept"));
        await AskAsync("insert into kept values (9999)");
        await RunAsync("postgres-backup.sh", ("KEEP", "1"));
        Assert.Single(Directory.GetDirectories(Path.Combine(_root, "backup"), "base-*"));
        await StopAsync();
    }

    [Fact]
    public async Task Access_WithoutTls_IsRefusedFromOutsideThePod()
    {
        await PrepareAsync();
        StartServer();
        await UntilUpAsync();

        Assert.Contains("hostssl all all all scram-sha-256", await File.ReadAllTextAsync(Path.Combine(_root, "config", "pg_hba.conf")), StringComparison.Ordinal);
        Assert.Equal("on", await AskAsync("show ssl"));
        Assert.Equal("t", await AskAsync("select ssl from pg_stat_ssl where pid = pg_backend_pid()"));
        await using var stranger = Run(["psql", "-h", "127.0.0.1", "-p", $"{_port}", "-U", "tier", "-d", "tier", "-w", "-c", "select 1"], ("PGPASSWORD", "wrong"));
        Assert.Contains("password authentication failed", (await stranger.EndAsync()).Output, StringComparison.Ordinal);
        await StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private async Task PrepareAsync()
    {
        var policy = TestPolicies.Read("""
            apiVersion: tieroperator.io/v1alpha1
            kind: TierPolicy
            metadata: {name: chat, namespace: shop, uid: u}
            spec:
              tiers:
                postgres: {managed: {tls: Required, backup: {walArchiveEvery: 10s}}}
            """);
        var plan = new PostgresPlan(policy, policy.Spec.Tiers!.Postgres!.Managed!, new BackendSettings());
        foreach (var (file, text) in PostgresObjects.For(plan).First()["data"]!.AsObject()) Write($"config/{file}", text!.GetValue<string>());
        using var authority = Authority.Create("test", TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1));
        var (certificate, key) = authority.Issue(["localhost", "127.0.0.1"], TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1));
        Write("secret/password", "pass-1234");
        Write("secret/ca.crt", authority.CertificatePem);
        Write("secret/tls.crt", certificate);
        Write("secret/tls.key", key);
        foreach (var folder in (string[])["data", "backup"]) Directory.CreateDirectory(Path.Combine(_root, folder));
        if (Environment.UserName == "root") await ScriptProcess.RunAsync("chown", ["-R", "postgres", _root]);
    }

    private void StartServer() => _server = Run(["sh", Path.Combine(_root, "config", "postgres-start.sh")]);

    private async Task StopAsync()
    {
        await using var stop = Run(["pg_ctl", "stop", "-D", Path.Combine(_root, "data", "pgdata"), "-m", "fast", "-w"]);
        Assert.Equal(0, (await stop.EndAsync()).Code);
        await _server!.EndAsync();
    }

    private Task UntilUpAsync() => ScriptProcess.UntilAsync(async () =>
    {
        await using var ping = Run(["sh", Path.Combine(_root, "config", "postgres-ping.sh")]);
        var (code, said) = await ping.EndAsync();
        return (code == 0, said);
    });

    private async Task RunAsync(string script, params (string, string)[] more)
    {
        await using var process = Run(["sh", Path.Combine(_root, "config", script)], more);
        var (code, said) = await process.EndAsync();
        Assert.True(code == 0, string.Create(CultureInfo.InvariantCulture, $"{script} ended with {code}: {said}"));
    }

    private async Task<string> AskAsync(string sql)
    {
        await using var process = Run(["psql", "-h", "localhost", "-p", $"{_port}", "-U", "tier", "-d", "tier", "-qAtc", sql],
            ("PGPASSWORD", "pass-1234"), ("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", Path.Combine(_root, "secret", "ca.crt")));
        return (await process.EndAsync()).Output.Trim().Split('\n')[^1];
    }

    private ScriptProcess Run(string[] command, params (string Name, string Value)[] more)
    {
        (string Name, string Value)[] environment =
        [
            ("CONFIG", Path.Combine(_root, "config")), ("SECRET", Path.Combine(_root, "secret")), ("DATA", Path.Combine(_root, "data")),
            ("BACKUP", Path.Combine(_root, "backup")), ("HOST", "localhost"), ("HOME", _root), ("PORT", $"{_port}"), ("TLS", "yes"),
            ("PATH", $"{Binaries}:{Environment.GetEnvironmentVariable("PATH")}"), .. more,
        ];
        return Environment.UserName == "root"
            ? ScriptProcess.Start("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", .. command], environment)
            : ScriptProcess.Start(command[0], command[1..], environment);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (OperatingSystem.IsLinux() && name.EndsWith(".key", StringComparison.Ordinal)) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
