using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class PostgresTierTests(PostgresFixture fixture) : IAsyncLifetime
{
    private PostgresTier _tier = null!;

    public async ValueTask InitializeAsync() => _tier = PostgresFixture.Start(PostgresFixture.OptionsFor(await fixture.ServerAsync()));

    public ValueTask DisposeAsync() => _tier.DisposeAsync();

    [Fact]
    public async Task Apply_NewItem_IsReadBack()
    {
        var result = await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "one")));

        Assert.Equal(RemoteStatus.Applied, result.Status);
        Assert.False(result.Existed);
        Assert.Equal("one", await _tier.ReadAsync("s", "a"));
        Assert.Null(await _tier.ReadAsync("s", "b"));
        Assert.Null(await _tier.ReadAsync("t", "a"));
    }

    [Fact]
    public async Task Apply_OlderItem_LeavesTheNewer()
    {
        await _tier.ApplyAsync(Changes.Put("s", 5, ("a", "new")));

        var result = await _tier.ApplyAsync(Changes.Put("s", 3, ("a", "old")));

        Assert.Equal(RemoteStatus.Older, result.Status);
        Assert.Equal(Changes.At(5), result.Newest);
        Assert.Equal("new", await _tier.ReadAsync("s", "a"));
    }

    [Fact]
    public async Task Apply_SameChangeTwice_ChangesNothing()
    {
        var change = Changes.Put("s", 5, ("a", "x"));
        await _tier.ApplyAsync(change);

        var again = await _tier.ApplyAsync(change);

        Assert.Equal(RemoteStatus.Older, again.Status);
        Assert.Equal("x", await _tier.ReadAsync("s", "a"));
    }

    [Fact]
    public async Task Delete_ThenOlderPut_StaysDeleted()
    {
        await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));
        await _tier.ApplyAsync(Changes.Delete("s", 5));

        var late = await _tier.ApplyAsync(Changes.Put("s", 3, ("b", "late")));

        Assert.Equal(RemoteStatus.Older, late.Status);
        Assert.Null(await _tier.ReadAsync("s", "a"));
        Assert.Null(await _tier.ReadAsync("s", "b"));
        var session = await _tier.ReadSessionAsync(Changes.Bytes("s"), CancellationToken.None);
        Assert.Equal(RemoteReadStatus.NotFound, session.Status);
        Assert.Equal(Changes.At(5), session.Floor);
        Assert.Equal(Changes.At(5), session.Newest);
    }

    [Fact]
    public async Task Read_OfASessionThatIsPastItsEnd_IsNotFound_AndNoDeletion()
    {
        await _tier.ApplyAsync(Changes.Put("s", 5, ("a", "x")) with { Header = Changes.Header(5) with { Floor = Changes.At(5) }, ExpiresMs = Changes.NowMs - 1 });

        var session = await _tier.ReadSessionAsync(Changes.Bytes("s"), CancellationToken.None);

        Assert.Equal(RemoteReadStatus.NotFound, session.Status);
        Assert.Equal(ItemVersion.None, session.Floor);
    }

    [Fact]
    public async Task Delete_OlderThanPut_TakesOnlyWhatIsOlder()
    {
        await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "old")));
        await _tier.ApplyAsync(Changes.Put("s", 9, ("b", "new")));

        await _tier.ApplyAsync(Changes.Delete("s", 5));

        Assert.Null(await _tier.ReadAsync("s", "a"));
        Assert.Equal("new", await _tier.ReadAsync("s", "b"));
    }

    [Fact]
    public async Task Removal_ThenOlderPut_StaysRemoved()
    {
        await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "x"), ("b", "y")));
        await _tier.ApplyAsync(Changes.Remove("s", 5, "a"));

        await _tier.ApplyAsync(Changes.Put("s", 3, ("a", "late")));

        Assert.Null(await _tier.ReadAsync("s", "a"));
        Assert.Equal("y", await _tier.ReadAsync("s", "b"));
    }

    [Fact]
    public async Task Replace_HasItsFloorsVersion_AndWhatWasBeforeIsGone()
    {
        await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));

        await _tier.ApplyAsync(Changes.Put("s", 5, ("b", "y")) with { Header = Changes.Header(5) with { Floor = Changes.At(5) } });

        Assert.Null(await _tier.ReadAsync("s", "a"));
        Assert.Equal("y", await _tier.ReadAsync("s", "b"));
    }

    [Fact]
    public async Task Apply_ManyWithOneTooLarge_RefusesOnlyThatOne()
    {
        var large = LargeValue.Allocate(StoredValue.MaxBytes + 1);
        var tooLarge = Changes.Of("big", 1) with { Puts = [new ItemSnapshot(Changes.Bytes("a"), "application/octet-stream", Changes.At(1), new ItemValue(large))] };

        var results = await _tier.ApplyAsync([Changes.Put("s", 1, ("a", "x")), tooLarge, Changes.Put("t", 1, ("a", "y"))], CancellationToken.None);
        large.Release();

        Assert.Equal([RemoteStatus.Applied, RemoteStatus.Refused, RemoteStatus.Applied], results.Select(result => result.Status));
        Assert.Contains("larger than", results[1].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_PagesInByteOrder()
    {
        await _tier.ApplyAsync([.. new[] { "b:3", "a:1", "b:1", "c:1", "b:2" }.Select((key, at) => Changes.Put(key, at + 1, ("i", "v")))], CancellationToken.None);
        await _tier.ApplyAsync(Changes.Delete("b:2", 50));

        var first = await _tier.ListAsync(Changes.Bytes("b:"), default, 1, CancellationToken.None);
        var rest = await _tier.ListAsync(Changes.Bytes("b:"), first.Sessions[0].Key, 10, CancellationToken.None);

        Assert.Equal(Changes.Bytes("b:1"), Assert.Single(first.Sessions).Key);
        Assert.Equal(Changes.Bytes("b:3"), Assert.Single(rest.Sessions).Key);
        Assert.Equal(1, rest.Sessions[0].Items);
    }
}
