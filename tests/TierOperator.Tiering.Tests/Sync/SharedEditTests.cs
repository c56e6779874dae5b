using System.Globalization;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Edits of sessions that tiers outside the process hold too.</summary>
public sealed class SharedEditTests
{
    private const string Rule = "write: Through, ack: Redis";

    [Fact]
    public async Task Edit_OfOneSessionByTwoPods_IsDecidedWhereBothSeeIt()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var first = new SharedHarness(Rule, redis, postgres, node: 1);
        await using var second = new SharedHarness(Rule, redis, postgres, node: 2);

        await Task.WhenAll(AddAsync(first, 25), AddAsync(second, 25));

        Assert.Equal("50", await SharedHarness.StoredAsync(redis, "n", "value"));
    }

    [Fact]
    public async Task Edit_OfASessionThatOnlyAnotherPodHasWritten_SeesIt()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var first = new SharedHarness(Rule, redis, postgres, node: 1);
        await using var second = new SharedHarness(Rule, redis, postgres, node: 2);
        await first.PutAsync("a", "i", "1");

        var seen = "";
        await EditAsync(second, ["a"], isReadOnly: true, scope => seen = scope[0].TryGet("i"u8, out var value) ? Encoding.UTF8.GetString(value) : "");
        await EditAsync(second, ["a", "b"], isReadOnly: false, scope =>
        {
            scope[0].TryGet("i"u8, out var value);
            scope[1].Put("i"u8, new ItemValue(value.ToArray()));
        });

        Assert.Equal("1", seen);
        Assert.Equal("1", await second.ValueAsync("b", "i"));
        Assert.Equal("1", await SharedHarness.StoredAsync(redis, "b", "i"));
    }

    [Fact]
    public async Task Edit_OfSeveral_WhenOneLeavesMemoryBeforeItBegins_SeesItAllTheSame()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var owner = new SharedHarness(Rule, redis, postgres, node: 1);
        await owner.PutAsync("a", "i", "1");
        await using var pod = new SharedHarness(Rule, redis, postgres, node: 2, tiers: "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}");
        MoveOutcome? evicted = null;
        redis.WhileAnswering = async () =>
        {
            await Task.CompletedTask;
            redis.WhileAnswering = async () => evicted = await pod.Engine.EvictAsync(SharedHarness.Key("a"), CancellationToken.None); // while it is asked for b
        };

        await EditAsync(pod, ["a", "b"], isReadOnly: false, scope =>
        {
            Assert.True(scope[0].TryGet("i"u8, out var value));
            scope[1].Put("i"u8, new ItemValue(value.ToArray()));
        });

        Assert.Equal(WriteStatus.Replaced, evicted?.Status);
        Assert.Equal("1", await pod.ValueAsync("b", "i"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Edit_OfSeveral_WhileATierCannotSay_IsDoneOnlyWhereThatMakesNoDifference(bool isBlind)
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var pod = new SharedHarness("write: Through, ack: Redis, onTierFailure: Degrade", redis, postgres);
        postgres.SetState(new(RemoteHealth.Unavailable, "down"));
        var scope = new EditScope();
        scope.Begin(isReadOnly: false);
        scope.IsBlind = isBlind;
        scope.Add(SharedHarness.Key("a"));
        scope.Add(SharedHarness.Key("b"));

        var outcome = await pod.Engine.EditAsync(scope, new Lambda(static edit => edit[0].Put("i"u8, new ItemValue("1"u8.ToArray()))), CancellationToken.None);
        scope.Begin(isReadOnly: true);

        Assert.Equal(isBlind ? WriteStatus.Replaced : WriteStatus.Unavailable, outcome.Status);
        Assert.Equal(isBlind ? "1" : null, await SharedHarness.StoredAsync(redis, "a", "i"));
    }

    [Fact]
    public async Task PutString_WhileTheTierIsAway_IsTakenUnderDegrade_AndAnEditIsNot()
    {
        await using var pod = new SharedHarness("write: Behind, ack: Disk, onTierFailure: Degrade");
        pod.Redis.IsAway = true;

        var item = new ItemWrite("value"u8.ToArray(), "application/octet-stream", ItemValue.From("1"u8.ToArray()));
        var put = await pod.Engine.PutStringAsync(SharedHarness.Key("a"), item, null, CancellationToken.None);
        var edit = await EditAsync(pod, ["a"], isReadOnly: false, scope => scope[0].Put("value"u8, new ItemValue("2"u8.ToArray())));

        Assert.Equal(WriteStatus.Replaced, put.Status);
        Assert.Equal(WriteStatus.Unavailable, edit.Status);
    }

    private static async Task AddAsync(SharedHarness pod, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var outcome = await EditAsync(pod, ["n"], isReadOnly: false, scope =>
            {
                var present = scope[0].TryGet("value"u8, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
                scope[0].Put("value"u8, new ItemValue(Encoding.UTF8.GetBytes((present + 1).ToString(CultureInfo.InvariantCulture))));
            });
            Assert.Equal(WriteStatus.Replaced, outcome.Status);
        }
    }

    private static async Task<EditOutcome> EditAsync(SharedHarness pod, string[] keys, bool isReadOnly, Action<EditScope> edit)
    {
        var scope = new EditScope();
        scope.Begin(isReadOnly);
        foreach (var key in keys) scope.Add(SharedHarness.Key(key));
        Assert.False(!isReadOnly && pod.Engine.TryEdit(scope, new Lambda(edit), out _));
        var outcome = await pod.Engine.EditAsync(scope, new Lambda(edit), CancellationToken.None);
        scope.Begin(isReadOnly: true);
        return outcome;
    }

    private sealed class Lambda(Action<EditScope> edit) : ISessionEdit
    {
        public void Run(EditScope scope) => edit(scope);
    }
}
