using TierOperator.Manager.Certificates;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Processes;

/// <summary>The generated configuration and scripts, run by a real PostgreSQL 15.</summary>
public sealed class PostgresProcessTests : IAsyncDisposable
{
    private readonly PostgresNode _node = new();

    public PostgresProcessTests() => Assert.SkipWhen(PostgresNode.SkipReason is not null, PostgresNode.SkipReason ?? "");

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task BackupAndRestore_ToATime_BringsBackWhatStoodThen()
    {
        await PrepareAsync();
        await _node.StartServerAsync();
        await _node.AskAsync("create table kept (id int primary key); insert into kept select generate_series(1, 1000)");
        await _node.RunScriptAsync("postgres-backup.sh", ("KEEP", "1"));
        await _node.AskAsync("insert into kept select generate_series(1001, 1500); select pg_switch_wal()");
        var then = await _node.AskAsync("select now()");
        await _node.AskAsync("select pg_sleep(1.1); delete from kept; select pg_switch_wal()");
        await _node.StopServerAsync();

        await _node.RunScriptAsync("postgres-restore.sh", ("TO", then));
        await _node.StartServerAsync();
        await _node.UntilRecoveredAsync();

        Assert.Equal("1500", await _node.AskAsync("select count(*) from kept"));
        await _node.AskAsync("insert into kept values (9999)");
        await _node.RunScriptAsync("postgres-backup.sh", ("KEEP", "1"));
        Assert.Single(Directory.GetDirectories(_node.PathOf("backup"), "base-*"));
        await _node.StopServerAsync();
    }

    [Fact]
    public async Task Server_LostWithItsVolume_LosesNoMoreThanTheArchivesInterval()
    {
        // As archive_timeout says; what takes an archive longer than that to copy is lost as well.
        var interval = TimeSpan.FromSeconds(2);
        await PrepareAsync();
        _node.Write("config/postgresql.conf", (await File.ReadAllTextAsync(_node.PathOf("config/postgresql.conf"), TestContext.Current.CancellationToken)).Replace("archive_timeout = 10", "archive_timeout = 2", StringComparison.Ordinal));
        await _node.StartServerAsync();
        await _node.AskAsync("create table ticks (at timestamptz primary key default clock_timestamp())");
        await _node.RunScriptAsync("postgres-backup.sh", ("KEEP", "1"));
        for (var tick = 0; tick < 40; tick++) await _node.AskAsync("insert into ticks default values; select pg_sleep(0.15)");
        var lost = TimeProvider.System.GetUtcNow();
        await _node.LoseServerAsync();

        await _node.RunScriptAsync("postgres-restore.sh");
        await _node.StartServerAsync();
        await _node.UntilRecoveredAsync();

        var newest = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(await _node.AskAsync("select floor(extract(epoch from max(at)) * 1000)::bigint from ticks")));
        Assert.True(lost - newest < interval + TimeSpan.FromSeconds(15), $"lost {lost - newest}");
        await _node.StopServerAsync();
    }

    [Fact]
    public async Task Verify_GoodBackups_AreRestoredAndEqualWhileOthersWrite()
    {
        await PrepareAsync();
        await _node.StartServerAsync();
        await _node.AskAsync("create schema s; create table s.kept (id int primary key, text text, at timestamptz default now()); insert into s.kept select n, repeat('x', n) from generate_series(1, 1000) n");
        await _node.RunScriptAsync("postgres-backup.sh", ("KEEP", "1"));
        await _node.AskAsync("update s.kept set text = 'changed' where id < 100; delete from s.kept where id > 900");
        await using var writer = _node.Run(["psql", "-h", "localhost", "-p", _node.Port, "-U", "tier", "-d", "tier", "-qAtc", "select format('insert into s.kept (id) values (%s)', n) from generate_series(2000, 12000) n \\gexec"], _node.Login);

        var said = await _node.RunScriptAsync("postgres-verify.sh", ("DATA", _node.PathOf("scratch")));

        Assert.Matches(@"restored from base-\w+ in \d+ s, and equal: 1 tables, [0-9]+ rows", said);
        Assert.Empty(Directory.GetDirectories(_node.PathOf("scratch")));
        Assert.Equal("f", await _node.AskAsync("select pg_is_in_recovery()"));
        await _node.StopServerAsync();
    }

    [Theory]
    [InlineData("restored -c \"$sums\"", "restored -c \"delete from kept where id = 7\" -c \"$sums\"", "and not equal")]
    [InlineData("started=$(date +%s)", "rm \"$BACKUP/wal/$segment\"; started=$(date +%s)", "")]
    public async Task Verify_BadBackups_EndsWithAFailure(string what, string by, string says)
    {
        await PrepareAsync();
        await _node.StartServerAsync();
        await _node.AskAsync("create table kept (id int primary key); insert into kept select generate_series(1, 100)");
        await _node.RunScriptAsync("postgres-backup.sh", ("KEEP", "1"));
        var script = await File.ReadAllTextAsync(_node.PathOf("config/postgres-verify.sh"), TestContext.Current.CancellationToken);
        Assert.Contains(what, script, StringComparison.Ordinal);
        _node.Write("config/broken.sh", script.Replace(what, by, StringComparison.Ordinal));

        await using var verify = _node.Run(["sh", _node.PathOf("config/broken.sh")], ("DATA", _node.PathOf("scratch")), ("PATIENCE", "30"));
        var (code, said) = await verify.EndAsync();

        Assert.True(code == 1, said);
        Assert.Contains(says, said, StringComparison.Ordinal);
        await _node.StopServerAsync();
    }

    [Fact]
    public async Task Access_WithoutTls_IsRefusedFromOutsideThePod()
    {
        await PrepareAsync();
        await _node.StartServerAsync();

        Assert.Contains("hostssl all all all scram-sha-256", await File.ReadAllTextAsync(_node.PathOf("config/pg_hba.conf"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("on", await _node.AskAsync("show ssl"));
        Assert.Equal("t", await _node.AskAsync("select ssl from pg_stat_ssl where pid = pg_backend_pid()"));
        await using var stranger = _node.Run(["psql", "-h", "127.0.0.1", "-p", _node.Port, "-U", "tier", "-d", "tier", "-w", "-c", "select 1"], ("PGPASSWORD", "wrong"));
        Assert.Contains("password authentication failed", (await stranger.EndAsync()).Output, StringComparison.Ordinal);
        await _node.StopServerAsync();
    }

    private Task PrepareAsync()
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
        using var authority = Authority.Create("test", TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1));
        var (certificate, key) = authority.Issue(["localhost", "127.0.0.1"], TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1));
        return _node.MountAsync(PostgresObjects.For(plan).First(), [("password", "pass-1234"), ("ca.crt", authority.CertificatePem), ("tls.crt", certificate), ("tls.key", key)]);
    }
}
