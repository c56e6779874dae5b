using TierOperator.TestKit.Postgres;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Postgres;

/// <summary>Behind PgBouncer in transaction mode: two server sessions for everybody, and none that a client could call its own.</summary>
public sealed class PgBouncerTests : IAsyncLifetime
{
    private const int Sidecars = 4;
    private const int Increments = 50;
    private PostgresServer _server = null!;
    private PgBouncer _bouncer = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.StartAsync();
        _bouncer = await PgBouncer.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _bouncer.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task ManySidecars_MigrateReadWriteAndCount_OverTwoServerSessions()
    {
        var options = PostgresFixture.OptionsFor(_server, "shared", _bouncer.Url);
        var tiers = Enumerable.Range(0, Sidecars).Select(at => PostgresFixture.Start(options with { MaxConnections = 4, Remote = options.Remote with { Node = (uint)at + 1 } })).ToArray();

        await Task.WhenAll(tiers.Select(async (tier, at) =>
        {
            for (var done = 0; done < Increments; done++) await IncrementAsync(tier, (uint)at + 1);
        }));
        var page = await tiers[0].ListAsync(default, default, 10, CancellationToken.None);

        Assert.Equal($"{Sidecars * Increments}", await tiers[^1].ReadAsync("counter", "n"));
        Assert.Single(page.Sessions);
        foreach (var tier in tiers) await tier.DisposeAsync();
    }

    [Fact]
    public async Task StatementTimeout_DoesNotStayInTheServersSession()
    {
        var options = PostgresFixture.OptionsFor(_server, url: _bouncer.Url);
        await using var tier = PostgresFixture.Start(options);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(at => tier.ApplyAsync(Changes.Put($"s{at}", 1, ("a", "x")))));

        await using var source = Npgsql.NpgsqlDataSource.Create(PostgresFixture.UrlOf(_bouncer.Url).Settings());
        for (var look = 0; look < 10; look++)
        {
            await using var command = source.CreateCommand("SHOW statement_timeout");
            Assert.Equal("0", await command.ExecuteScalarAsync());
        }
    }

    // Reads, adds one, and writes if nobody was faster: what INCR does where there is no Redis.
    private static async Task IncrementAsync(PostgresTier tier, uint node)
    {
        while (true)
        {
            var session = await tier.ReadSessionAsync(Changes.Bytes("counter"), CancellationToken.None);
            var count = session.Session is { } found ? int.Parse(System.Text.Encoding.UTF8.GetString(found.Items[0].Value.ToArray())) : 0;
            var version = new ItemVersion(session.Newest.Stamp + 1, node);
            var change = Changes.Put("counter", 0, ("n", "")) with { Newest = version, Condition = new RemoteCondition { Unchanged = session.Newest } };
            var put = change.Puts[0] with { Version = version, Value = Values.ItemValue.From(Changes.Bytes($"{count + 1}")) };

            if ((await tier.ApplyAsync(change with { Puts = [put] })).Status == RemoteStatus.Applied) return;
        }
    }
}
