using System.Globalization;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
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
