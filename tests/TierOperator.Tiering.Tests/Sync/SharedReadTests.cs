using System.Globalization;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

public sealed class SharedReadTests : IAsyncDisposable
{
    private readonly SharedHarness _one;
    private readonly SharedHarness _two;

    public SharedReadTests()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        _one = new SharedHarness("write: Through, ack: All", redis, postgres, node: 1);
        _two = new SharedHarness("write: Through, ack: All", redis, postgres, node: 2);
    }

    [Fact]
    public async Task Read_WrittenByAnother_IsFoundAndThenLocal()
    {
        await _one.PutAsync("s", "i", "one");

        var first = await _two.ReadAsync("s", "i");
        var second = await _two.ReadAsync("s", "i");

        Assert.Equal(ReadStatus.Found, first.Status);
        Assert.Equal(TierSet.Memory, second.Source);
    }

    [Fact]
    public async Task Read_ChangedByAnother_IsTheNewValue()
    {
        await _one.PutAsync("s", "i", "one");
        await _two.ReadAsync("s", "i");

        await _one.PutAsync("s", "i", "two");

        Assert.Equal("two", await _two.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Read_ChangedByAnotherWhileItWasLoaded_IsTheNewValueTheNextTime()
    {
        await _one.PutAsync("s", "i", "old");
        _two.Redis.WhileAnswering = async () => await _one.PutAsync("s", "i", "new");

        await _two.ValueAsync("s", "i");

        Assert.Equal("new", await _two.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Read_DeletedHereWhileItWasLoaded_StaysDeleted()
    {
        await using var pod = new SharedHarness("write: Through, ack: All", _one.Redis, _one.Postgres, tiers: "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}", node: 3);
        await _one.PutAsync("s", "i", "v");
        _one.Redis.WhileAnswering = async () => await pod.DeleteAsync("s");

        await pod.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);

        Assert.Null(pod.Engine.Describe(SharedHarness.Key("s")));
        Assert.Null(await pod.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Read_WrittenHereWhileItWasFoundDeleted_StaysWritten()
    {
        await _one.PutAsync("s", "i", "old");
        await _two.ValueAsync("s", "i");
        await _one.DeleteAsync("s");
        _two.Redis.WhileAnswering = async () => await _two.PutAsync("s", "i", "new");

        await _two.ValueAsync("s", "i");

        Assert.Equal("new", await _two.ValueAsync("s", "i"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_RemovedInARedisThatHoldsAPart_IsNotTakenFromPostgres(bool isWhole)
    {
        var (redis, postgres) = (_one.Redis, _one.Postgres);
        await _one.PutAsync("s", "a", "old");
        await _one.PutAsync("s", "b", "kept");
        await RefilledAsync();
        await using (var gone = new SharedHarness("write: Through, ack: Redis", redis, postgres, node: 3, sync: "interval: 1h"))
        {
            postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
            await gone.Engine.DeleteItemAsync(SharedHarness.Key("s"), SharedHarness.Key("a"), default, CancellationToken.None);
        }

        postgres.SetState(new(RemoteHealth.Healthy));
        await using var reader = new SharedHarness("write: Through, ack: Redis", redis, postgres, node: 4);
        var session = isWhole ? (await reader.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None)).Session : null;

        Assert.Null(await reader.ValueAsync("s", "a"));
        Assert.Equal("kept", await reader.ValueAsync("s", "b"));
        Assert.Equal(isWhole ? 1 : 0, session?.Items.Count ?? 0);
        await reader.PutAsync("s", "c", "new"); // brings the session here, by way of all tiers
        Assert.Null(await reader.ValueAsync("s", "a"));
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(postgres, "s", "a") is null, () => "PostgreSQL still has what was removed");
    }

    [Fact]
    public async Task Read_OlderInARedisThatHoldsAPart_ThanInPostgres_IsMendedThere()
    {
        var (redis, postgres) = (_one.Redis, _one.Postgres);
        await _one.PutAsync("s", "a", "old");
        await RefilledAsync();
        var there = (await postgres.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None)).Session!;
        var version = new ItemVersion(there.Items[0].Version.Stamp + 1, 9);
        await postgres.ApplyAsync([new RemoteChange(SharedHarness.Key("s")) { Header = there.Header, Newest = version, Puts = [new ItemSnapshot(SharedHarness.Key("a"), "text/plain", version, new ItemValue("new"u8.ToArray()))] }], CancellationToken.None);

        await using var reader = new SharedHarness("write: Through, ack: Redis", redis, postgres, node: 4);
        await reader.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(redis, "s", "a") == "new", () => "Redis still has what is older");
    }

    [Fact]
    public async Task Read_ChangedByAnotherWhileItWasCompared_IsTheNewValueTheNextTime()
    {
        await _one.PutAsync("s", "i", "old");
        await _two.ReadAsync("s", "i");
        _two.Redis.SkipAnnouncements();
        _two.Redis.WhileAnswering = async () => await _one.PutAsync("s", "i", "new");

        await _two.ValueAsync("s", "i");

        Assert.Equal("new", await _two.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Increment_ChangedByAnotherBeforeTheAnswerCame_IsReadAsTheOtherLeftIt()
    {
        await IncrementAsync(_one);
        _two.Redis.AfterApplying = async () => await _one.PutAsync("counter", "n", "7");

        await IncrementAsync(_two);

        Assert.Equal("7", await _two.ValueAsync("counter", "n"));
    }

    [Fact]
    public async Task Read_DeletedByAnother_IsGone()
    {
        await _one.PutAsync("s", "i", "one");
        await _two.ReadAsync("s", "i");

        await _one.DeleteAsync("s");

        Assert.Null(await _two.ValueAsync("s", "i"));
        Assert.Null(await _one.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Read_AfterAGap_IsComparedFirst()
    {
        await _one.PutAsync("s", "i", "one");
        await _two.ReadAsync("s", "i");
        var reads = _two.Redis.SessionReads;

        _two.Redis.SkipAnnouncements();
        await _two.ReadAsync("s", "i");

        Assert.True(_two.Redis.SessionReads > reads);
    }

    [Fact]
    public async Task Read_PartWrittenHere_FindsTheRestThere()
    {
        await _one.PutAsync("s", "a", "from one");

        await _two.PutAsync("s", "b", "from two");

        Assert.Equal("from one", await _two.ValueAsync("s", "a"));
        Assert.Equal("from two", await _one.ValueAsync("s", "b"));
    }

    [Fact]
    public async Task Read_TiersAway_Is404WithWordUnderDegrade()
    {
        _two.Redis.IsAway = _two.Postgres.IsAway = true;

        var read = await _two.ReadAsync("unknown", "i");

        Assert.Equal(ReadStatus.NotFound, read.Status);
        Assert.Equal(TierSet.Redis | TierSet.Postgres, read.Unavailable);
    }

    [Fact]
    public async Task Read_ManyAtOnce_AskOnce()
    {
        await _one.PutAsync("s", "i", "one");
        var reads = _two.Redis.SessionReads;

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () => await _two.ValueAsync("s", "i"))));

        Assert.All(answers, answer => Assert.Equal("one", answer));
        Assert.InRange(_two.Redis.SessionReads - reads, 1, 3);
    }

    [Fact]
    public async Task Create_OnlyOnceByTwoPods_HasOneWinner()
    {
        var options = new WriteOptions { Condition = new Precondition { MustNotExist = true } };

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? _one : _two).PutAsync("s", "i", "v" + i, options).AsTask()));

        Assert.Equal(1, outcomes.Count(outcome => outcome.Succeeded));
        Assert.Equal(19, outcomes.Count(outcome => outcome.Status == WriteStatus.PreconditionFailed));
    }

    [Fact]
    public async Task Increment_ByTwoPods_LosesNone()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++) Assert.True((await IncrementAsync(worker % 2 == 0 ? _one : _two)).Succeeded);
        })));

        Assert.Equal("200", await _one.ValueAsync("counter", "n"));
        Assert.Equal("200", await _two.ValueAsync("counter", "n"));
    }

    [Fact]
    public async Task Increment_AnswerLost_SaysThatItMayHaveHappenedAndIsReadFromThere()
    {
        await IncrementAsync(_one);
        _one.Redis.LosesAnswers = true;

        var outcome = await IncrementAsync(_one);

        Assert.True(outcome is { Status: WriteStatus.Unavailable, MayHaveHappened: true });
        Assert.Contains("may have happened", outcome.Detail, StringComparison.Ordinal);
        _one.Redis.LosesAnswers = false;
        Assert.Equal("2", await _one.ValueAsync("counter", "n"));
    }

    [Fact]
    public async Task Increment_DeciderAway_FailsAndWritesNothing()
    {
        await IncrementAsync(_one);
        _one.Redis.SetState(new(RemoteHealth.Unavailable, "down"));

        var outcome = await IncrementAsync(_one);

        Assert.True(outcome is { Status: WriteStatus.Unavailable, MayHaveHappened: false });
        Assert.Equal("1", await SharedHarness.StoredAsync(_one.Postgres, "counter", "n"));
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    private static ValueTask<WriteOutcome> IncrementAsync(SharedHarness pod) => pod.Engine.MergeSessionAsync(
        SharedHarness.Key("counter"),
        session =>
        {
            var item = session?.Items.FirstOrDefault(item => Encoding.UTF8.GetString(item.Key) == "n");
            var number = item?.Key is null ? 0 : int.Parse(Encoding.UTF8.GetString(item.Value.Value.ToArray()), CultureInfo.InvariantCulture);
            var next = Encoding.UTF8.GetBytes((number + 1).ToString(CultureInfo.InvariantCulture));
            return new SessionChange([new ItemWrite(SharedHarness.Key("n"), "text/plain", new ItemValue(next))], []);
        },
        default, CancellationToken.None);

    /// <summary>Redis has lost the session, and got it back from PostgreSQL as a part.</summary>
    private async Task RefilledAsync()
    {
        await Eventually.HoldsAsync(() => _one.Engine.Status().Tiers.All(static tier => tier.BacklogSessions == 0), () => "something is outstanding");
        _one.Redis.Forget();
        await Eventually.HoldsAsync(() => _one.Redis.IsPartOf("s") && _one.Engine.Status().Tiers.All(static tier => tier.BacklogSessions == 0), () => "Redis is not refilled");
    }
}
