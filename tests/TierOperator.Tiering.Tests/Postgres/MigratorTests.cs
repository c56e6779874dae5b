using TierOperator.Tiering.Postgres.Migrations;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class MigratorTests(PostgresFixture fixture) : IAsyncLifetime
{
    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(await fixture.ServerAsync());

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public void All_NumbersLeaveNoneOut()
        => Assert.Equal(Enumerable.Range(1, Migration.Newest), Migration.All.Select(step => step.Number));

    [Fact]
    public async Task Run_ManyAtOnce_DoEachStepOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => MigrateAsync()));

        Assert.Equal(Migration.Newest, await _database.ReadAsync<long>("SELECT count(*) FROM tier.migration"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public async Task Run_FromAnOlderVersionWithData_KeepsAndCompletesIt(int from)
    {
        await MigrateAsync(from);
        await _database.RunAsync($"""
            INSERT INTO tier.session (namespace, policy, lookup, rule, created_ms, accessed_ms, deadline_ms, fixed_deadline, accesses, floor, deleted, newest, expires_ms, category
                {(from >= 2 ? ", written_hour, expires_hour" : "")}{(from >= 3 ? ", items, bytes" : "")})
            SELECT 'tests', 'p', ('s' || n)::bytea, 'default', 0, 0, {long.MaxValue}, false, 0, v, v, '01932f5b-0000-0000-0000-000100000000', {Changes.NowMs + 1_000_000}, 'raw'
                {(from >= 2 ? ", 1731542, 481000" : "")}{(from >= 3 ? ", 2, 6" : "")}
            FROM generate_series(1, 50) n, (VALUES ('00000000-0000-0000-0000-000000000000'::uuid)) AS z(v);
            INSERT INTO tier.item (session_id, lookup, version, removed, content_type, codec, length, value)
            SELECT id, i::bytea, newest, false, 'text/plain', 0, 3, 'abc' FROM tier.session, (VALUES ('a'), ('b')) AS x(i);
            """);
        if (from >= 3) await _database.RunAsync("INSERT INTO tier.category_change (namespace, policy, category, sessions, bytes) VALUES ('tests', 'p', 'raw', 50, 300)");

        await MigrateAsync();

        await using var tier = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync(), "p", _database.UrlOf()));
        Assert.Equal("abc", await tier.ReadAsync("s7", "b"));
        Assert.Equal("50 100 300", await _database.ReadAsync<string>("SELECT count(*) || ' ' || sum(items) || ' ' || sum(bytes) FROM tier.session"));
        Assert.Equal("50 300", await _database.ReadAsync<string>("SELECT out_sessions || ' ' || out_bytes FROM tier.totals('tests', 'p', 'raw')"));
        Assert.True(await _database.ReadAsync<bool>("SELECT bool_and(written_hour > 0 AND expires_hour > 0) FROM tier.session"));
        Assert.Equal(RemoteStatus.Applied, (await tier.ApplyAsync(Changes.Put("s7", 1, ("b", "new")) with { IsUnheardByRedis = true })).Status);
        Assert.Equal("s7", await _database.ReadAsync<string>("SELECT encode(lookup, 'escape') FROM tier.unheard"));
    }

    [Fact]
    public async Task Run_FromFiveWithRemovals_SweepsTheOldOnes()
    {
        await MigrateAsync(5);
        await _database.RunAsync($"""
            INSERT INTO tier.session (namespace, policy, lookup, rule, created_ms, accessed_ms, deadline_ms, fixed_deadline, accesses, floor, deleted, newest, expires_ms, written_hour, expires_hour, items, bytes)
            SELECT 'tests', 'p', 's', 'default', 0, 0, {long.MaxValue}, false, 0, v, v, '01932f5b-0000-0000-0000-000100000000', {long.MaxValue}, 1731542, 2147483647, 0, 0
            FROM (VALUES ('00000000-0000-0000-0000-000000000000'::uuid)) AS z(v);
            INSERT INTO tier.item (session_id, lookup, version, removed, codec, length)
            SELECT id, i::bytea, at::uuid, true, 0, 0
            FROM tier.session, (VALUES ('old', '01932f5b-0000-0000-0000-000100000000'), ('new', '01992f5b-0000-0000-0000-000100000000')) AS x(i, at);
            """);

        await MigrateAsync();
        await _database.ReadAsync<int>("SELECT tier.sweep('tests', 'p', 0, '01962f5b-0000-0000-0000-000000000000', 10)");

        Assert.Equal("new", await _database.ReadAsync<string>("SELECT string_agg(encode(lookup, 'escape'), ' ') FROM tier.item"));
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000", 0)]
    [InlineData("01932f5b-8a7c-ffff-ffff-ffffffffffff", 0x01932f5b8a7c)]
    [InlineData("ffffffff-ffff-0000-0000-000000000000", 0xffffffffffff)]
    public async Task MillisecondsOf_AVersion_AreItsFirstSixBytes(string version, long expected)
    {
        await MigrateAsync();

        Assert.Equal(expected, await _database.ReadAsync<long>($"SELECT tier.milliseconds_of('{version}')"));
    }

    [Fact]
    public async Task Start_NewerSchema_IsRefusedAndUntouched()
    {
        await MigrateAsync();
        await _database.RunAsync("INSERT INTO tier.migration (number, name) VALUES (999, 'from the future')");

        await using var tier = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync(), url: _database.UrlOf()));
        var result = await tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));

        Assert.Equal(RemoteStatus.Unavailable, result.Status);
        Assert.Equal(RemoteHealth.Unavailable, tier.State.Health);
        Assert.Contains("newer than this program knows", tier.State.Reason, StringComparison.Ordinal);
        Assert.Equal(0, await _database.ReadAsync<long>("SELECT count(*) FROM tier.session"));
    }

    [Fact]
    public async Task Start_SomebodyElsesSchema_IsRefusedAndUntouched()
    {
        await _database.RunAsync("CREATE SCHEMA tier; CREATE TABLE tier.theirs (a int)");

        await using var tier = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync(), url: _database.UrlOf()));
        await tier.ReadItemAsync(Changes.Bytes("s"), Changes.Bytes("a"), CancellationToken.None);

        Assert.Contains("?schema=", tier.State.Reason, StringComparison.Ordinal);
        Assert.Equal(1, await _database.ReadAsync<long>("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'tier'"));
    }

    [Fact]
    public async Task Start_OtherSchema_LeavesTheRestAlone()
    {
        await _database.RunAsync("CREATE TABLE public.session (a int); INSERT INTO public.session VALUES (1)");

        await using var tier = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync(), url: _database.UrlOf(parameters: "schema=mine")));
        await tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));

        Assert.Equal("x", await tier.ReadAsync("s", "a"));
        Assert.Equal(1, await _database.ReadAsync<long>("SELECT count(*) FROM mine.session"));
        Assert.Equal(1, await _database.ReadAsync<long>("SELECT count(*) FROM public.session"));
    }

    private async Task MigrateAsync(int? target = null)
    {
        await using var connection = await _database.OpenAsync();
        await new Migrator("tier").RunAsync(connection, target);
    }
}
