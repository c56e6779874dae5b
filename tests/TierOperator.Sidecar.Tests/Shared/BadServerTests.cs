using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Postgres;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary>Whatever is wrong with a server or its secret: the sidecar starts, takes writes, and says what is wrong in /status and as a metric.</summary>
public sealed class BadServerTests(SharedFixture servers) : IClassFixture<SharedFixture>
{
    private const string ReadOnly = "2", Unavailable = "3";

    [Theory]
    [InlineData("malformed url", Unavailable, "")]
    [InlineData("unknown host", Unavailable, "unknown")]
    [InlineData("nobody there", Unavailable, "refuses connections")]
    [InlineData("wrong password", Unavailable, "password")]
    [InlineData("no TLS there", Unavailable, "TLS")]
    [InlineData("unknown database", Unavailable, "no database of that number")]
    [InlineData("replica", ReadOnly, "replica")]
    [InlineData("out of memory", ReadOnly, "maxmemory")]
    public async Task Redis_ThatIsWrong_IsAStateAndNotACrash(string fault, string state, string reason)
    {
        await using var server = await TestKit.Redis.RedisServer.StartAsync();
        if (fault == "replica") await server.RunAsync("REPLICAOF", "127.0.0.1", "1");
        if (fault == "out of memory") await server.RunAsync("CONFIG", "SET", "maxmemory", "1");
        var name = $"bad{Guid.NewGuid():n}";
        servers.Secret(name, fault switch
        {
            "malformed url" => "redis//:secret-word",
            "unknown host" => "redis://:secret-word@no-such-host.invalid",
            "nobody there" => "redis://127.0.0.1:1",
            "wrong password" => $"redis://nobody:secret-word@127.0.0.1:{server.Port}",
            "unknown database" => $"redis://127.0.0.1:{server.Port}/99",
            "no TLS there" => $"rediss://:secret-word@127.0.0.1:{server.Port}",
            _ => server.Url,
        });

        await CheckAsync(SharedFixture.Policy(name, redis: name), "redis", state, reason);
    }

    [Fact]
    public async Task Redis_WithACertificateOfNobody_IsAStateAndNotACrash()
    {
        using var folder = new TempFolder();
        var now = TimeProvider.System.GetUtcNow();
        using (var key = RSA.Create(2048))
        {
            using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            await File.WriteAllTextAsync(folder.File("crt"), certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(folder.File("key"), key.ExportPkcs8PrivateKeyPem());
        }

        await using var server = await TestKit.Redis.RedisServer.StartTlsAsync(
            ["--tls", "--insecure"], ["--tls-cert-file", folder.File("crt"), "--tls-key-file", folder.File("key"), "--tls-ca-cert-file", folder.File("crt"), "--tls-auth-clients", "no"]);
        var name = $"bad{Guid.NewGuid():n}";
        servers.Secret(name, $"rediss://:secret-word@localhost:{server.Port}");

        await CheckAsync(SharedFixture.Policy(name, redis: name), "redis", Unavailable, "certificate");
    }

    [Theory]
    [InlineData("malformed url", "")]
    [InlineData("unknown host", "unknown")]
    [InlineData("unknown database", "does not exist")]
    [InlineData("wrong password", "password")]
    [InlineData("no rights", "rights")]
    [InlineData("certificate of nobody", "TLS")]
    [InlineData("newer schema", "newer")]
    [InlineData("somebody else's tables", "name another")]
    public async Task Postgres_ThatIsWrong_IsAStateAndNotACrash(string fault, string reason)
    {
        var server = servers.Postgres;
        var name = $"bad{Guid.NewGuid():n}";
        await PrepareAsync(server, fault, name);
        servers.Secret(name, fault switch
        {
            "malformed url" => "postgres//secret-word",
            "unknown host" => "postgres://u:secret-word@no-such-host.invalid/app",
            "unknown database" => server.UrlOf(database: "missing"),
            "wrong password" => server.UrlOf(password: "secret-word"),
            "no rights" => server.UrlOf(name, "secret-word"),
            "certificate of nobody" => server.UrlOf(parameters: "sslmode=verify-full"),
            _ => server.UrlOf(parameters: $"schema={name}"),
        });

        await CheckAsync(SharedFixture.Policy(name, postgres: name), "postgres", Unavailable, reason);
        if (fault == "somebody else's tables") Assert.Equal("theirs", await server.AskAsync($"SELECT string_agg(relname, ',') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{name}'"));
    }

    [Theory]
    [InlineData("redis", "redis//:secret-word")]
    [InlineData("postgres", "postgres://u:secret-word@127.0.0.1:99999/app")]
    [InlineData("redis", null)]
    public async Task Secret_ThatTurnsWrongOrIsTakenAway_IsToldWhileTheOneBeforeGoesOn(string tier, string? wrong)
    {
        var name = $"bad{Guid.NewGuid():n}";
        var right = tier == "redis" ? servers.Redis.Url : servers.Postgres.Url;
        servers.Secret(name, right);
        await using var sidecar = await servers.StartAsync(tier == "redis" ? SharedFixture.Policy(name, redis: name) : SharedFixture.Policy(name, postgres: name));
        await HoldsAsync(sidecar, $"tier_remote_state{{tier=\"{tier}\"}} 1");

        if (wrong is null) servers.TakeAway(name);
        else servers.Secret(name, wrong);
        await HoldsAsync(sidecar, $"tier_remote_secret_refused{{tier=\"{tier}\"}} 1");
        var said = await ReasonAsync(sidecar, tier);
        await sidecar.PutAsync("/v1/sessions/a/items/x", "kept").AssertStatusAsync(201);
        await Until.SettledAsync(sidecar);
        servers.Secret(name, right);
        await HoldsAsync(sidecar, $"tier_remote_secret_refused{{tier=\"{tier}\"}} 0");

        Assert.Contains(wrong is null ? "is gone" : "cannot be used", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", said, StringComparison.Ordinal);
        await HoldsAsync(sidecar, $"tier_remote_state{{tier=\"{tier}\"}} 1");
    }

    [Fact]
    public async Task Redis_WithOthersKeys_LeavesThemAlone()
    {
        await servers.Redis.RunAsync("SET", "theirs", "1");
        var name = $"p{Guid.NewGuid():n}";
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(name));
        await sidecar.PutAsync("/v1/sessions/a/items/x", "1").AssertStatusAsync(201);
        await Until.SettledAsync(sidecar);
        await sidecar.Http.DeleteAsync("/v1/sessions/a").AssertStatusAsync(204);
        await Until.SettledAsync(sidecar);

        Assert.Equal("1", await servers.Redis.RunAsync("GET", "theirs"));
        Assert.All((await servers.Redis.RunAsync("KEYS", $"*{name}*")).Split('\n'), key => Assert.Contains($"tier:default/{name}:", key, StringComparison.Ordinal));
    }

    private static Task PrepareAsync(PostgresServer server, string fault, string name) => fault switch
    {
        "no rights" => server.AskAsync($"CREATE ROLE {name} LOGIN PASSWORD 'secret-word'"),
        "newer schema" => server.AskAsync($"CREATE SCHEMA {name}; CREATE TABLE {name}.migration (number integer PRIMARY KEY, name text NOT NULL, done_at timestamptz NOT NULL DEFAULT now()); INSERT INTO {name}.migration VALUES (9999, 'of tomorrow')"),
        "somebody else's tables" => server.AskAsync($"CREATE SCHEMA {name}; CREATE TABLE {name}.theirs (x integer)"),
        _ => Task.CompletedTask,
    };

    private async Task CheckAsync(string policy, string tier, string state, string reason)
    {
        await using var sidecar = await servers.StartAsync(policy);
        await sidecar.PutAsync("/v1/sessions/a/items/x", "kept").AssertStatusAsync(201);
        var said = "";

        await Until.HoldsAsync(async () => (said = await ReasonAsync(sidecar, tier)).Contains(reason, StringComparison.OrdinalIgnoreCase) && said.Length > 0 ? null : $"the reason is: {said}");
        await HoldsAsync(sidecar, $"tier_remote_state{{tier=\"{tier}\"}} {state}");

        Assert.DoesNotContain("secret-word", said, StringComparison.Ordinal);
        Assert.Equal("kept", await sidecar.Http.GetStringAsync("/v1/sessions/a/items/x"));
        await sidecar.Admin.GetAsync("/livez").AssertStatusAsync(200);
        await sidecar.Admin.GetAsync("/readyz").AssertStatusAsync(200);
    }

    private static Task HoldsAsync(RunningSidecar sidecar, string metric)
        => Until.HoldsAsync(async () => (await sidecar.Admin.GetStringAsync("/metrics")).Contains($"{metric}\n", StringComparison.Ordinal) ? null : $"the metrics lack {metric}");

    private static async Task<string> ReasonAsync(RunningSidecar sidecar, string tier)
    {
        using var response = await sidecar.Admin.GetAsync("/status");
        var found = (await response.JsonAsync()).GetProperty("tiers").EnumerateArray().First(entry => entry.GetProperty("name").GetString() == tier);
        return found.TryGetProperty("reason", out var reason) ? reason.GetString()! : "";
    }
}
