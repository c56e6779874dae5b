using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TierOperator.TestKit.Postgres;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Postgres;

/// <summary>Each fault on a server of the test's own: what callers get, what the state says, and that it heals by itself.</summary>
public sealed class PostgresFaultTests : IAsyncLifetime
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private PostgresServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await PostgresServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Frozen_CallersGetTheirTimeout_ThenNothing_AndItHeals()
    {
        await using var tier = await StartHealthyAsync();
        await UntilAppliedAsync(tier, Changes.Put("s", 1, ("a", "x"))); // the first call makes the connection, which may take longer
        var away = StateAsync(tier, RemoteHealth.Unavailable);

        _server.Freeze();
        var waited = await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            var began = Stopwatch.GetTimestamp();
            var read = await tier.ReadItemAsync(Changes.Bytes("s"), Changes.Bytes("a"), CancellationToken.None);
            Assert.Equal(RemoteReadStatus.Unavailable, read.Status);
            return Stopwatch.GetElapsedTime(began);
        }));
        await away;
        var first = Stopwatch.GetTimestamp();
        Assert.Equal(RemoteStatus.Unavailable, (await tier.ApplyAsync(Changes.Put("s", 2, ("a", "y")))).Status);
        var whenKnown = Stopwatch.GetElapsedTime(first);
        var healed = StateAsync(tier, RemoteHealth.Healthy);
        _server.Thaw();
        await healed;

        Assert.True(waited.Max() < s_timeout * 2, $"a caller waited {waited.Max()}");
        Assert.True(whenKnown < s_timeout / 2, $"a caller of a server that is known to be away waited {whenKnown}");
        Assert.Equal("x", await tier.ReadAsync("s", "a"));
    }

    [Fact]
    public async Task Killed_IsAway_AndWhatWasAcknowledgedIsThereAgain()
    {
        await using var tier = await StartHealthyAsync();
        await UntilAppliedAsync(tier, Changes.Put("s", 1, ("a", "x")));
        var away = StateAsync(tier, RemoteHealth.Unavailable);

        await _server.KillAsync();
        Assert.Equal(RemoteStatus.Unavailable, (await tier.ApplyAsync(Changes.Put("s", 2, ("a", "y")))).Status);
        await away;
        Assert.Contains("refuses connections", tier.State.Reason, StringComparison.Ordinal);
        var healed = StateAsync(tier, RemoteHealth.Healthy);
        await _server.StartAgainAsync();
        await healed;

        Assert.Equal("x", await tier.ReadAsync("s", "a"));
    }

    [Fact]
    public async Task ReadOnly_ReadsGoOn_WritesWait_AndItHeals()
    {
        await using var tier = await StartHealthyAsync();
        await using var database = new Database(_server, "postgres");
        await UntilAppliedAsync(tier, Changes.Put("s", 1, ("a", "x")));

        await database.RunAsync("ALTER DATABASE postgres SET default_transaction_read_only = on");
        await CutConnectionsAsync(database);
        var readOnly = StateAsync(tier, RemoteHealth.ReadOnly);
        await tier.ApplyAsync(Changes.Put("s", 2, ("a", "y")));
        await readOnly;
        var read = await tier.ReadAsync("s", "a");
        var written = await tier.ApplyAsync(Changes.Put("s", 2, ("a", "y")));
        var reason = tier.State.Reason;
        var healed = StateAsync(tier, RemoteHealth.Healthy);
        await database.RunAsync("SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only");
        await CutConnectionsAsync(database);
        await healed;

        Assert.Equal("x", read);
        Assert.Equal(RemoteStatus.Unavailable, written.Status);
        Assert.Contains("read-only", reason, StringComparison.Ordinal);
        await UntilAppliedAsync(tier, Changes.Put("s", 3, ("a", "z")));
    }

    [Fact]
    public async Task DiskFull_WritesAreUnavailable_ReadsGoOn_AndItHeals()
    {
        await using var tier = await StartHealthyAsync();
        await using var database = new Database(_server, "postgres");
        await UntilAppliedAsync(tier, Changes.Put("s", 1, ("a", "x")));
        await database.RunAsync("""
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''53100''; END';
            CREATE TRIGGER full_disk BEFORE INSERT ON tier.item FOR EACH STATEMENT EXECUTE FUNCTION full_disk()
            """);
        var full = StateAsync(tier, RemoteHealth.ReadOnly);

        var refused = await tier.ApplyAsync(Changes.Put("t", 2, ("a", "y")));
        var reason = (await full).Reason;
        var read = await tier.ReadAsync("s", "a");
        await database.RunAsync("DROP TRIGGER full_disk ON tier.item");
        await UntilAppliedAsync(tier, Changes.Put("t", 2, ("a", "y")));

        Assert.Equal(RemoteStatus.Unavailable, refused.Status);
        Assert.Contains("full", reason, StringComparison.Ordinal);
        Assert.Equal("x", read);
    }

    [Fact]
    public async Task ConnectionCut_WhileWriting_LosesNothingThatWasAcknowledged()
    {
        await using var tier = await StartHealthyAsync();
        await using var database = new Database(_server, "postgres");
        var applied = new List<string>();
        for (var at = 1; at <= 200; at++)
        {
            if (at % 50 == 0) await CutConnectionsAsync(database);
            var result = await tier.ApplyAsync(Changes.Put($"s{at}", at, ("a", "x")));
            if (result.Status == RemoteStatus.Applied) applied.Add($"s{at}");
            else await UntilAppliedAsync(tier, Changes.Put($"retry{at}", at, ("a", "x")));
        }

        foreach (var session in applied) Assert.Equal("x", await tier.ReadAsync(session, "a"));
        Assert.True(applied.Count >= 190, $"only {applied.Count} were taken");
    }

    [Fact]
    public async Task Restored_ToAnOlderState_SaysThatItForgot()
    {
        await using var tier = await StartHealthyAsync();
        await using var database = new Database(_server, "postgres");
        await UntilAppliedAsync(tier, Changes.Put("s", 1, ("a", "x")));
        var forgot = new TaskCompletionSource();
        tier.Forgot += forgot.SetResult;

        await database.RunAsync("TRUNCATE tier.session, tier.item, tier.node");
        await CutConnectionsAsync(database);
        await tier.ReadItemAsync(Changes.Bytes("s"), Changes.Bytes("a"), CancellationToken.None);

        await forgot.Task.WaitAsync(s_patience);
    }

    [Fact]
    public async Task SchemaDropped_IsMadeAnew_AndSaysThatItForgot()
    {
        await using var tier = await StartHealthyAsync();
        await using var database = new Database(_server, "postgres");
        await UntilAppliedAsync(tier, Changes.Put("s", 1, ("a", "x")));
        var forgot = new TaskCompletionSource();
        tier.Forgot += forgot.SetResult;

        await database.RunAsync("DROP SCHEMA tier CASCADE");
        await tier.ReadItemAsync(Changes.Bytes("s"), Changes.Bytes("a"), CancellationToken.None);
        await forgot.Task.WaitAsync(s_patience);

        await UntilAppliedAsync(tier, Changes.Put("s", 2, ("a", "y")));
        Assert.Equal("y", await tier.ReadAsync("s", "a"));
    }

    [Theory]
    [InlineData("wrong password", "does not take the password")]
    [InlineData("no password", "asks for a password")]
    [InlineData("unknown user", "does not take the password")]
    [InlineData("unknown database", "does not exist")]
    [InlineData("unknown host", "unknown")]
    [InlineData("no rights", "lacks rights")]
    [InlineData("no TLS", "sslmode")]
    public async Task Start_Misconfigured_SaysWhatToDo_WithoutThePassword(string fault, string expected)
    {
        await using (var database = new Database(_server, "postgres")) await database.RunAsync("CREATE ROLE guest LOGIN PASSWORD 'guest-secret'");
        var url = fault switch
        {
            "wrong password" => _server.UrlOf(password: "other-secret"),
            "no password" => $"postgres://guest@{_server.Url.Split('@')[1]}",
            "unknown user" => _server.UrlOf(user: "nobody", password: "other-secret"),
            "unknown database" => _server.UrlOf(database: "missing"),
            "unknown host" => "postgres://u:other-secret@no-such-host.invalid/app",
            "no rights" => _server.UrlOf(user: "guest", password: "guest-secret"),
            _ => _server.UrlOf(parameters: "sslmode=require"),
        };

        await using var tier = PostgresFixture.Start(OptionsFor(url));
        var away = await StateAsync(tier, RemoteHealth.Unavailable);
        var result = await tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));

        Assert.Equal(RemoteStatus.Unavailable, result.Status);
        Assert.Contains(expected, away.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", away.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresServer.Password, away.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RoleThatMayOnlyRead_IsReadOnlyAndStaysSo_AndItHealsWhenItMayWrite()
    {
        var options = OptionsFor(_server.Url);
        await using (var owner = PostgresFixture.Start(options)) await UntilAppliedAsync(owner, Changes.Put("s", 1, ("a", "x")));
        await using var database = new Database(_server, "postgres");
        await database.RunAsync("CREATE ROLE reader LOGIN PASSWORD 'reader-secret'; GRANT USAGE ON SCHEMA tier TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA tier TO reader");
        await using var tier = PostgresFixture.Start(options with { Url = OptionsFor(_server.UrlOf(user: "reader", password: "reader-secret")).Url });
        var readOnly = await StateAsync(tier, RemoteHealth.ReadOnly);
        var changes = 0;
        tier.StateChanged += _ => Interlocked.Increment(ref changes);

        for (var write = 2; write < 6; write++)
        {
            Assert.Equal(RemoteStatus.Unavailable, (await tier.ApplyAsync(Changes.Put("s", write, ("a", "y")))).Status);
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        }

        var (seen, read) = (Volatile.Read(ref changes), await tier.ReadAsync("s", "a"));
        var healed = StateAsync(tier, RemoteHealth.Healthy);
        await database.RunAsync("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tier TO reader");
        await healed;

        Assert.Contains("GRANT DELETE, INSERT, UPDATE ON ALL TABLES IN SCHEMA tier", readOnly.Reason, StringComparison.Ordinal);
        Assert.Equal((0, "x"), (seen, read));
        await UntilAppliedAsync(tier, Changes.Put("s", 9, ("a", "z")));
    }

    [Fact]
    public async Task Tls_CertificateIsVerified()
    {
        var pem = SelfSigned();
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions { ServerCertificate = pem });
        var root = Path.Combine(Path.GetTempPath(), $"tier-root-{Guid.NewGuid():n}.crt");
        await File.WriteAllTextAsync(root, pem.Certificate);
        try
        {
            await using var strange = PostgresFixture.Start(OptionsFor(server.UrlOf(parameters: "sslmode=verify-full")));
            var refused = await StateAsync(strange, RemoteHealth.Unavailable);
            await using var trusted = PostgresFixture.Start(OptionsFor(server.UrlOf(parameters: $"sslmode=verify-full&sslrootcert={root}")));
            await StateAsync(trusted, RemoteHealth.Healthy);

            Assert.Contains("sslrootcert", refused.Reason, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(root);
        }
    }

    private PostgresTierOptions OptionsFor(string url)
    {
        var options = PostgresFixture.OptionsFor(_server, url: url);
        return options with { Remote = options.Remote with { Timeout = s_timeout } };
    }

    private async Task<PostgresTier> StartHealthyAsync()
    {
        var tier = PostgresFixture.Start(OptionsFor(_server.Url));
        await StateAsync(tier, RemoteHealth.Healthy);
        return tier;
    }

    private static async Task<RemoteTierState> StateAsync(PostgresTier tier, RemoteHealth health)
    {
        var reached = new TaskCompletionSource<RemoteTierState>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(RemoteTierState state)
        {
            if (state.Health == health) reached.TrySetResult(state);
        }

        tier.StateChanged += Look;
        Look(tier.State);
        return await reached.Task.WaitAsync(s_patience);
    }

    private static async Task UntilAppliedAsync(PostgresTier tier, RemoteChange change)
    {
        var began = Stopwatch.GetTimestamp();
        while ((await tier.ApplyAsync(change)).Status is not (RemoteStatus.Applied or RemoteStatus.Older))
        {
            if (Stopwatch.GetElapsedTime(began) > s_patience) Assert.Fail($"it did not heal: {tier.State}");
            await Task.Delay(5);
        }
    }

    private static Task CutConnectionsAsync(Database database)
        => database.RunAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tier'");

    private static (string Certificate, string Key) SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
