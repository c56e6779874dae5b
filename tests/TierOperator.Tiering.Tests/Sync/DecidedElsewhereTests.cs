using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;
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

    [Fact]
    public async Task Put_ConditionOfItsRuleIsElsewhere_KeepsTheRuleThatWasChosenThere()
    {
        const string rules = "match: {sessions: ['*'], where: [{field: status, operator: In, values: [active]}]}, write: Through, ack: All}\n  - {name: rest, write: Through, ack: All";
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var owner = new SharedHarness(rules, redis, postgres);
        await owner.PutAsync("s", "status", "\"active\"", new WriteOptions { Subject = "ada" });
        await using var other = new SharedHarness(rules, redis, postgres, node: 2);

        await other.PutAsync("s", "i", "v");

        var header = other.Engine.Describe(SharedHarness.Key("s"))!.Header;
        var there = (await postgres.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None)).Session!.Header;
        Assert.Equal(("all", "all"), (header.Rule, there.Rule));
        Assert.Equal(("ada", "ada"), (header.Subject, there.Subject));
        Assert.Equal(owner.Engine.Describe(SharedHarness.Key("s"))!.Header.CreatedMs, there.CreatedMs);
    }

    [Fact]
    public async Task ConditionalPut_AnotherTiersBacklogIsFull_IsRefusedBeforeItIsDecided()
    {
        await using var pod = new SharedHarness("write: Behind, ack: Disk", sync: "interval: 100ms, maxBacklog: 1Mi");
        await pod.PutAsync("s", "i", "v");
        await Eventually.HoldsAsync(() => pod.Engine.Status().Tiers.All(static tier => tier.BacklogSessions == 0), () => string.Join('\n', pod.Engine.Status().Tiers));
        pod.Postgres.SetState(new(RemoteHealth.Unavailable, "down"));
        await pod.PutAsync("full", "i", new string('x', 900_000));

        var outcome = await ConditionalAsync(pod, new string('y', 900_000), new Precondition { MustExist = true });

        Assert.Equal(WriteStatus.Backlog, outcome.Status);
        Assert.Equal("v", await SharedHarness.StoredAsync(pod.Redis, "s", "i"));
    }

    [Fact]
    public async Task ConditionalPut_ItemMayBeInATierThatIsAway_IsNotDecided()
    {
        const string rule = "write: Through, ack: All, strategy: CriticalOnly";
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using (var owner = new SharedHarness(rule, redis, postgres)) await owner.PutAsync("s", "i", "v"); // which the strategy keeps out of Redis
        await using var other = new SharedHarness(rule, redis, postgres, node: 2);
        postgres.SetState(new(RemoteHealth.Unavailable, "down"));

        var whileAway = await CreateAsync(other, "again");
        postgres.SetState(new(RemoteHealth.Healthy));

        Assert.Equal((WriteStatus.Unavailable, TierSet.Postgres), (whileAway.Status, whileAway.Unavailable));
        await Eventually.HoldsAsync(async () => (await CreateAsync(other, "again")).Status == WriteStatus.PreconditionFailed, () => "the condition is not decided");
        Assert.Equal("v", await other.ValueAsync("s", "i"));
    }

    private static ValueTask<WriteOutcome> CreateAsync(SharedHarness pod, string value) => ConditionalAsync(pod, value, new Precondition { MustNotExist = true });

    private static ValueTask<WriteOutcome> ConditionalAsync(SharedHarness pod, string value, Precondition condition) => pod.Engine.PutAsync(
        SharedHarness.Key("s"), new ItemWrite(SharedHarness.Key("i"), "text/plain", ItemValue.From(SharedHarness.Key(value))), new WriteOptions { Condition = condition }, CancellationToken.None);

    private static async Task<SharedHarness> OwnerAsync(ModelTier redis, ModelTier postgres)
    {
        var owner = new SharedHarness(Rule, redis, postgres);
        await owner.PutAsync("s", "kept", "v");
        await owner.PutAsync("s", "i", "old");
        return owner;
    }
}
