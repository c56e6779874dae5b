using TierOperator.TestKit.Postgres;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Postgres;

/// <summary>The notes of sessions that Redis has yet to hear of.</summary>
public sealed class PostgresUnheardTests(PostgresFixture fixture) : IAsyncLifetime
{
    private Database _database = null!;
    private PostgresTier _tier = null!;

    public async ValueTask InitializeAsync()
    {
        var server = await fixture.ServerAsync();
        _database = await Database.CreateAsync(server);
        _tier = PostgresFixture.Start(PostgresFixture.OptionsFor(server, "p", _database.UrlOf()));
    }

    public async ValueTask DisposeAsync()
    {
        await _tier.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Apply_SomeUnheard_NotesThoseWithTheChange()
    {
        var results = await _tier.ApplyAsync(
            [Unheard(Changes.Put("w", 1, ("a", "x"))), Changes.Put("heard", 1, ("a", "x")), Unheard(Changes.Delete("d", 1)), Unheard(Changes.Put(Long, 1, ("a", "x")))], CancellationToken.None);

        Assert.All(results, static result => Assert.Equal(RemoteStatus.Applied, result.Status));
        Assert.Equal(["d", Long, "w"], await TakenAsync());
        Assert.Equal("x", await _tier.ReadAsync("heard", "a"));
    }

    [Fact]
    public async Task Apply_WithACondition_NotesToo()
    {
        var result = await _tier.ApplyAsync(Unheard(Changes.Put("s", 1, ("a", "x"))) with { Condition = new RemoteCondition { Unchanged = ItemVersion.None } });

        Assert.Equal(RemoteStatus.Applied, result.Status);
        Assert.Equal(["s"], await TakenAsync());
    }

    [Fact]
    public async Task Apply_ThatFails_NotesNothing()
    {
        await _tier.ApplyAsync(Changes.Put("t", 1, ("a", "x")));
        await _database.RunAsync("ALTER TABLE tier.session ADD CONSTRAINT refused CHECK (lookup <> 's'::bytea)");

        var result = await _tier.ApplyAsync(Unheard(Changes.Put("s", 1, ("a", "x"))));

        Assert.NotEqual(RemoteStatus.Applied, result.Status);
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task Apply_WhereNoteCannotBeMade_ChangesNothing()
    {
        await _tier.ApplyAsync(Changes.Put("t", 1, ("a", "x")));
        await _database.RunAsync("ALTER TABLE tier.unheard ADD CONSTRAINT refused CHECK (lookup <> 's'::bytea)");

        var result = await _tier.ApplyAsync(Unheard(Changes.Put("s", 1, ("a", "x"))));

        Assert.NotEqual(RemoteStatus.Applied, result.Status);
        Assert.Null(await _tier.ReadAsync("s", "a"));
    }

    [Fact]
    public async Task Take_TwoTakersAtOnce_GetDifferentOnes()
    {
        await NoteAsync([.. Enumerable.Range(0, 200).Select(static at => $"s{at:000}")]);
        await using var other = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync(), "p", _database.UrlOf()));

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(at => (at % 2 == 0 ? _tier : other).TakeUnheardAsync(30, CancellationToken.None).AsTask()));

        var sessions = taken.SelectMany(static some => some).Select(static session => Convert.ToHexString(session.Session)).ToList();
        Assert.Equal(sessions.Count, sessions.Distinct().Count());
        Assert.Equal(200, sessions.Count + (await TakenAsync()).Count);
        Assert.Empty(await TakenAsync());
    }

    [Fact]
    public async Task Take_WhatATakerNeverBrought_IsGivenAgainAfterHalfAMinute()
    {
        await NoteAsync("s");
        await TakenAsync();
        await _database.RunAsync("UPDATE tier.unheard SET taken_ms = taken_ms - 29000");
        Assert.Empty(await TakenAsync());

        await _database.RunAsync("UPDATE tier.unheard SET taken_ms = taken_ms - 2000");

        Assert.Equal(["s"], await TakenAsync());
    }

    [Fact]
    public async Task Take_OfAnotherPolicy_GetsNothing()
    {
        await NoteAsync("s");
        await using var other = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync(), "other", _database.UrlOf()));

        Assert.Empty(await other.TakeUnheardAsync(10, CancellationToken.None));
    }

    [Fact]
    public async Task Heard_EndsTheNote()
    {
        await NoteAsync("s", Long, "t");
        var taken = await _tier.TakeUnheardAsync(2, CancellationToken.None);

        Assert.True(await _tier.HeardAsync(taken, CancellationToken.None));

        Assert.Equal(1, await CountAsync());
        Assert.Equal(["t"], await TakenAsync());
    }

    [Fact]
    public async Task Heard_NotedAnewSinceItWasTaken_StaysAndIsGivenAtOnce()
    {
        await NoteAsync("s");
        var taken = await _tier.TakeUnheardAsync(10, CancellationToken.None);
        await _tier.ApplyAsync(Unheard(Changes.Put("s", 1, ("a", "x"))));

        await _tier.HeardAsync(taken, CancellationToken.None);

        Assert.Equal(["s"], await TakenAsync());
    }

    [Fact]
    public async Task Note_TwiceInOneCallAndAgain_IsOneRow()
    {
        await NoteAsync("s", "s");
        await NoteAsync("s");

        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Note_ThatIsHeldByAChangeUnderWay_IsNotTakenBeforeIt()
    {
        await NoteAsync("s");
        await using var connection = await _database.OpenAsync();
        await using var change = await connection.BeginTransactionAsync();
        await using var held = new Npgsql.NpgsqlCommand("""
            INSERT INTO tier.unheard AS u (namespace, policy, lookup, expires_hour) VALUES ('tests', 'p', 's', 0)
            ON CONFLICT (namespace, policy, lookup) DO UPDATE SET number = excluded.number WHERE u.taken_ms <> 0
            """, connection);
        Assert.Equal(0, await held.ExecuteNonQueryAsync());
        Assert.Empty(await TakenAsync());

        await change.CommitAsync();

        Assert.Equal(["s"], await TakenAsync());
    }

    [Fact]
    public async Task Sweep_RemovesNotesThatNobodyEnded()
    {
        await NoteAsync("old", "new");
        await _database.RunAsync("UPDATE tier.unheard SET expires_hour = 1 WHERE lookup = 'old'");

        await _tier.SweepAsync(CancellationToken.None);

        Assert.Equal(["new"], await TakenAsync());
    }

    [Fact]
    public async Task Changes_NotesTakersAndEnds_AllAtOnce_NeverFail()
    {
        var sessions = Enumerable.Range(0, 50).Select(static at => $"s{at:00}").ToArray();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            var isWell = true;
            for (var round = 1; round <= 20; round++)
            {
                if (worker % 3 == 0) isWell &= (await _tier.ApplyAsync([.. sessions.Select(session => Unheard(Changes.Put(session, (worker * 100) + round, ("a", "x"))))], CancellationToken.None)).All(static result => result.Status != RemoteStatus.Unavailable);
                else if (worker % 3 == 1) isWell &= await _tier.NoteUnheardAsync([.. sessions.Reverse().Select(Changes.Bytes)], CancellationToken.None);
                else isWell &= await _tier.HeardAsync(await _tier.TakeUnheardAsync(20, CancellationToken.None), CancellationToken.None);
            }

            return isWell;
        })));

        Assert.DoesNotContain(false, outcomes);
    }

    [Fact]
    public async Task BehindPgBouncer_NotesAreMadeTakenAndEnded()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var bouncer = await PgBouncer.StartAsync(server);
        await using var tier = PostgresFixture.Start(PostgresFixture.OptionsFor(server, url: bouncer.Url));

        await tier.ApplyAsync(Unheard(Changes.Put("s", 1, ("a", "x"))));
        var taken = await tier.TakeUnheardAsync(10, CancellationToken.None);
        Assert.True(await tier.HeardAsync(taken, CancellationToken.None));

        Assert.Single(taken);
        Assert.Empty(await tier.TakeUnheardAsync(10, CancellationToken.None));
    }

    private static string Long { get; } = "l" + new string('x', 2_000);

    private static RemoteChange Unheard(RemoteChange change) => change with { IsUnheardByRedis = true };

    private async Task NoteAsync(params string[] sessions)
        => Assert.True(await _tier.NoteUnheardAsync([.. sessions.Select(Changes.Bytes)], CancellationToken.None));

    private async Task<IReadOnlyList<string>> TakenAsync()
        => [.. (await _tier.TakeUnheardAsync(1_000, CancellationToken.None)).Select(static taken => System.Text.Encoding.UTF8.GetString(taken.Session)).Order(StringComparer.Ordinal)];

    private Task<long> CountAsync() => _database.ReadAsync<long>("SELECT count(*) FROM tier.unheard");
}
