using TierOperator.Tiering.Postgres;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class PostgresIndexTests(PostgresFixture fixture) : IAsyncLifetime
{
    private PostgresTier _tier = null!;

    public async ValueTask InitializeAsync() => _tier = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync()));

    public ValueTask DisposeAsync() => _tier.DisposeAsync();

    [Fact]
    public async Task EraseSubject_TakesAllOfItAndNothingElse()
    {
        var mine = Enumerable.Range(0, 1200).Select(at => Changes.Put($"mine:{at}", 1, ("a", "x")) with { Header = Changes.Header() with { Subject = "ann" } }).ToList();
        await _tier.ApplyAsync([.. mine, Changes.Put("other", 1, ("a", "x")) with { Header = Changes.Header() with { Subject = "bob" } }], CancellationToken.None);

        var erased = await _tier.EraseSubjectAsync("ann", Changes.At(9), CancellationToken.None);

        Assert.True(erased.IsComplete);
        Assert.Equal(1200, erased.Sessions.Count);
        Assert.Empty((await _tier.ListSubjectAsync("ann", default, 10, CancellationToken.None)).Sessions);
        Assert.Null(await _tier.ReadAsync("mine:7", "a"));
        Assert.Equal("x", await _tier.ReadAsync("other", "a"));
    }

    [Fact]
    public async Task EraseSubject_LateWriteOfOldData_StaysErased()
    {
        var change = Changes.Put("s", 1, ("a", "x")) with { Header = Changes.Header() with { Subject = "ann" } };
        await _tier.ApplyAsync(change);

        await _tier.EraseSubjectAsync("ann", Changes.At(9), CancellationToken.None);
        await _tier.ApplyAsync(change);

        Assert.Null(await _tier.ReadAsync("s", "a"));
    }

    [Fact]
    public async Task DeleteChildren_TakesTheirChildrenToo()
    {
        await _tier.ApplyAsync([
            Changes.Put("root", 1, ("a", "x")),
            Changes.Put("child", 1, ("a", "x")) with { Parent = Changes.Bytes("root") },
            Changes.Put("grandchild", 1, ("a", "x")) with { Parent = Changes.Bytes("child") },
            Changes.Put("stranger", 1, ("a", "x")) with { Parent = Changes.Bytes("elsewhere") }], CancellationToken.None);

        var deleted = await _tier.DeleteChildrenAsync(Changes.Bytes("root"), Changes.At(9), CancellationToken.None);

        Assert.Equal([Changes.Bytes("child"), Changes.Bytes("grandchild")], deleted.Sessions);
        Assert.Equal("x", await _tier.ReadAsync("root", "a"));
        Assert.Equal("x", await _tier.ReadAsync("stranger", "a"));
    }

    [Fact]
    public async Task DeleteChildren_OfItself_Ends()
    {
        await _tier.ApplyAsync(Changes.Put("loop", 1, ("a", "x")) with { Parent = Changes.Bytes("loop") });

        var deleted = await _tier.DeleteChildrenAsync(Changes.Bytes("loop"), Changes.At(9), CancellationToken.None);

        Assert.Equal([Changes.Bytes("loop")], deleted.Sessions);
    }

    [Fact]
    public async Task Sweep_RemovesWhatIsPastItsEnd()
    {
        await _tier.ApplyAsync(Changes.Put("stays", 1, ("a", "x")));
        await _tier.ApplyAsync(Changes.Put("expired", 1, ("a", "x")) with { ExpiresMs = Changes.NowMs - 1 });
        await _tier.ApplyAsync(Changes.Delete("tombstone", 1) with { ExpiresMs = Changes.NowMs - 1 });

        var swept = await _tier.SweepAsync(CancellationToken.None);

        Assert.Equal((2, true), swept);
        Assert.Equal("x", await _tier.ReadAsync("stays", "a"));
        Assert.Equal(ItemVersion.None, (await _tier.ReadSessionAsync(Changes.Bytes("tombstone"), CancellationToken.None)).Floor);
    }

    [Fact]
    public async Task Audit_Notes_AreListedNewestFirst()
    {
        await _tier.Audit.NoteAsync([new TierOperator.Tiering.Remote.ConflictNote(Changes.Bytes("s"), Changes.Bytes("a"), "LatestWins", Changes.At(2), Changes.At(1))], CancellationToken.None);
        await _tier.Audit.NoteAsync([new TierOperator.Tiering.Remote.DeadLetterNote(Changes.Bytes("s"), "first"), new(Changes.Bytes("t"), "second")], CancellationToken.None);

        var conflicts = await _tier.Audit.ListConflictsAsync(10, CancellationToken.None);
        var letters = await _tier.Audit.ListDeadLettersAsync(1, CancellationToken.None);

        Assert.Equal((Changes.At(2), Changes.At(1), "LatestWins"), (Assert.Single(conflicts!).Winner, conflicts![0].Loser, conflicts[0].Strategy));
        Assert.Equal("second", Assert.Single(letters!).Reason);
    }
}
