using System.Text;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>What only Redis does: it may hold a part of a session, and never takes it for the whole.</summary>
public sealed class RedisProjectionTests(StandaloneRedis redis) : IClassFixture<StandaloneRedis>, IAsyncLifetime
{
    private readonly Changes _changes = new();
    private RedisTier _tier = null!;

    public async ValueTask InitializeAsync() => _tier = await RedisTiers.OpenHealthyAsync(redis.Server.Url);

    public ValueTask DisposeAsync() => _tier.DisposeAsync();

    [Fact]
    public async Task Read_ChangeOnTopOfNothing_IsAPart()
    {
        await ApplyAsync(_changes.Put("s", 5, ("a", "one")));

        var (held, absent, session) = (await ReadAsync("a"), await ReadAsync("b"), await ReadSessionAsync());

        Assert.Equal((RemoteReadStatus.Found, RemoteReadStatus.NotHeld), (held.Status, absent.Status));
        Assert.True(session.IsProjection);
    }

    [Fact]
    public async Task Read_SessionSentWholeLater_IsWhole()
    {
        await ApplyAsync(_changes.Put("s", 5, ("a", "one")));
        await ApplyAsync(_changes.Put("s", 6, ("a", "two"), ("b", "two")) with { IsWhole = true });

        var (absent, session) = (await ReadAsync("c"), await ReadSessionAsync());

        Assert.Equal(RemoteReadStatus.NotFound, absent.Status);
        Assert.False(session.IsProjection);
    }

    [Fact]
    public async Task Read_ChangeAfterATombstone_IsWhole()
    {
        await ApplyAsync(_changes.Delete("s", 5));
        await ApplyAsync(_changes.Put("s", 6, ("a", "one")));

        Assert.Equal(RemoteReadStatus.NotFound, (await ReadAsync("b")).Status);
    }

    [Fact]
    public async Task Read_Projection_AnswersOnlyWhatItLists()
    {
        await ApplyAsync(Projected(5, "status", "big"));

        var (listed, unheld, absent, session) = (await ReadAsync("status"), await ReadAsync("big"), await ReadAsync("other"), await ReadSessionAsync());

        Assert.Equal((RemoteReadStatus.Found, RemoteReadStatus.NotHeld, RemoteReadStatus.NotHeld), (listed.Status, unheld.Status, absent.Status));
        Assert.True(session.IsProjection);
        Assert.Equal(["status"], session.Session!.Items.Select(item => Encoding.UTF8.GetString(item.Key)));
    }

    [Fact]
    public async Task Read_ValueThatChangedElsewhere_IsNotBelieved()
    {
        await ApplyAsync(_changes.Put("s", 5, ("status", "old"), ("big", "old")) with { IsWhole = true });
        await ApplyAsync(Projected(6, "status", "big"));

        Assert.Equal(RemoteReadStatus.NotHeld, (await ReadAsync("big")).Status);
    }

    [Fact]
    public async Task Apply_ValueOfTheVersionThatWasHeldElsewhere_FillsIn()
    {
        await ApplyAsync(Projected(6, "status", "big"));

        var filled = await ApplyAsync(_changes.Put("s", 6, ("status", "v"), ("big", "full")) with { IsWhole = true });
        var late = await ApplyAsync(Projected(6, "status", "big"));

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.Older), (filled.Status, late.Status));
        Assert.Equal("full", Encoding.UTF8.GetString((await ReadAsync("big")).Item.Value.ToArray()));
    }

    [Fact]
    public async Task Apply_ConditionOnAnItemHeldElsewhere_IsDecidedByItsVersion()
    {
        await ApplyAsync(Projected(5, "status", "big"));

        var create = await ApplyAsync(Conditional(6, "big", new Precondition { MustNotExist = true }));
        var match = await ApplyAsync(Conditional(6, "big", new Precondition { AnyOf = [Changes.Version(5)] }));

        Assert.Equal((RemoteStatus.ConditionFailed, RemoteStatus.Applied), (create.Status, match.Status));
    }

    [Fact]
    public async Task Apply_ConditionOnAnItemThatMayBeForgotten_IsUndecided()
    {
        await ApplyAsync(_changes.Put("s", 5, ("a", "one")));

        var result = await ApplyAsync(Conditional(6, "b", new Precondition { MustNotExist = true }));

        Assert.Equal((RemoteStatus.Undecided, (bool?)null), (result.Status, result.Existed));
        Assert.Equal(RemoteReadStatus.NotHeld, (await ReadAsync("b")).Status);
    }

    [Fact]
    public async Task Apply_ConditionalChangeAgain_IsStillApplied()
    {
        var change = Conditional(6, "b", new Precondition { MustNotExist = true }) with { IsWhole = true };
        await ApplyAsync(change);

        var again = await ApplyAsync(change);

        Assert.Equal((RemoteStatus.Applied, false), (again.Status, again.Existed));
    }

    private RemoteChange Projected(uint number, string listed, string other) => _changes.Put("s", number, (listed, "v")) with
    {
        IsWhole = true,
        Projection = [listed],
        Unheld = [new UnheldItem(Encoding.UTF8.GetBytes(other), Changes.Version(number))],
    };

    private RemoteChange Conditional(uint number, string item, Precondition condition)
        => _changes.Put("s", number, (item, "v")) with { Condition = new RemoteCondition { Item = Encoding.UTF8.GetBytes(item), Precondition = condition } };

    private async Task<RemoteResult> ApplyAsync(RemoteChange change) => Assert.Single(await _tier.ApplyAsync([change], default));
    private ValueTask<RemoteItem> ReadAsync(string item) => _tier.ReadItemAsync("s"u8.ToArray(), Encoding.UTF8.GetBytes(item), default);
    private ValueTask<RemoteSession> ReadSessionAsync() => _tier.ReadSessionAsync("s"u8.ToArray(), default);
}
