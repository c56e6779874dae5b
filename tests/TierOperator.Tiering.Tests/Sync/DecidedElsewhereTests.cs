using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A sidecar that has nothing of a session decides a write of it in the shared tiers, and then has a part of it.</summary>
public sealed class DecidedElsewhereTests
{
    private const string Rule = "write: Through, ack: All";

    [Fact]
    public async Task DeleteItem_SessionIsNotHere_IsGoneInEveryTier()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var owner = await OwnerAsync(redis, postgres);
        await using var other = new SharedHarness(Rule, redis, postgres, node: 2);

        var outcome = await other.Engine.DeleteItemAsync(SharedHarness.Key("s"), SharedHarness.Key("i"), default, CancellationToken.None);

        Assert.Equal(WriteStatus.Replaced, outcome.Status);
        Assert.Null(await SharedHarness.StoredAsync(redis, "s", "i"));
        Assert.Null(await SharedHarness.StoredAsync(postgres, "s", "i"));
        Assert.Null(await other.ValueAsync("s", "i"));
        Assert.Equal("v", await other.ValueAsync("s", "kept"));
    }

    [Fact]
    public async Task ConditionalPut_SessionIsNotHere_LeavesTheOthersToBeFound()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var owner = await OwnerAsync(redis, postgres);
        await using var other = new SharedHarness(Rule, redis, postgres, node: 2);

        var outcome = await other.Engine.PutAsync(
            SharedHarness.Key("s"), new ItemWrite(SharedHarness.Key("i"), "text/plain", new ItemValue(SharedHarness.Key("new"))),
            new WriteOptions { Condition = new Precondition { MustExist = true } }, CancellationToken.None);

        Assert.Equal(WriteStatus.Replaced, outcome.Status);
        Assert.Equal("new", await SharedHarness.StoredAsync(postgres, "s", "i"));
        Assert.Equal("v", await other.ValueAsync("s", "kept"));
    }

    private static async Task<SharedHarness> OwnerAsync(ModelTier redis, ModelTier postgres)
    {
        var owner = new SharedHarness(Rule, redis, postgres);
        await owner.PutAsync("s", "kept", "v");
        await owner.PutAsync("s", "i", "old");
        return owner;
    }
}
