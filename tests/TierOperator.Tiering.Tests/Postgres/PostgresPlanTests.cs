namespace TierOperator.Tiering.Tests.Postgres;

/// <summary>What the tables' form asks of the server, where it shows only as time.</summary>
public sealed class PostgresPlanTests(PostgresFixture fixture) : IAsyncLifetime
{
    private Database _database = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.CreateAsync(await fixture.ServerAsync());
        await using var tier = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync(), url: _database.UrlOf()));
        await tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")) with { IsUnheardByRedis = true });
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Explain_SessionByItsKey_UsesTheKeyBeforeThereAreStatistics()
    {
        var plan = await _database.ReadAsync<string>("EXPLAIN SELECT s FROM tier.session s WHERE s.namespace = 'n' AND s.policy = 'p' AND s.lookup = 'k'");
        var scan = await _database.ReadAsync<string>("EXPLAIN (FORMAT JSON) SELECT s FROM tier.session s WHERE s.namespace = 'n' AND s.policy = 'p' AND s.lookup = 'k' FOR UPDATE");

        Assert.Contains("session_namespace_policy_lookup_key", plan + scan, StringComparison.Ordinal);
        Assert.DoesNotContain("session_expiry", plan + scan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_NotesForRedis_AreTakenInTheOrderOfTheKey()
    {
        var plan = await _database.ReadAsync<string>("EXPLAIN (FORMAT JSON) SELECT ctid FROM tier.unheard WHERE namespace = 'n' AND policy = 'p' AND taken_ms < 1 ORDER BY lookup LIMIT 10 FOR UPDATE SKIP LOCKED");

        Assert.Contains("unheard_pkey", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unheard", "taken_ms = 5, number = 7, expires_hour = expires_hour")]
    [InlineData("item", "version = '01932f5b-0000-0000-0000-000100000001', value = 'new', length = 3")]
    [InlineData("session", "newest = '01932f5b-0000-0000-0000-000100000001', accessed_ms = accessed_ms + 1, accesses = 2, expires_ms = expires_ms + 1, bytes = 3")]
    public async Task Update_OfWhatEveryWriteChanges_TouchesNoIndex(string table, string changes)
    {
        var inPlace = await _database.ReadAsync<long>($"UPDATE tier.{table} SET {changes}; SELECT pg_stat_get_xact_tuples_hot_updated('tier.{table}'::regclass)");

        Assert.Equal(1, inPlace);
    }
}
