using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A copy here that may be old, and tiers that do not answer, answer late, or tell of what has no room here: nobody gets the old value without a word.</summary>
public sealed class DoubtfulCopyTests : IAsyncDisposable
{
    private const string All = "write: Through, ack: All", Memory = "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}";
    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);

    /// <summary>The delete was acknowledged before the second read began.</summary>
    [Fact]
    public async Task Read_BegunAfterADelete_IsNotAnsweredWithWhatWasAskedForBefore()
    {
        await using var other = new SharedHarness(All, _redis, _postgres);
        await using var pod = new SharedHarness(All, _redis, _postgres, tiers: Memory, node: 2);
        await other.PutAsync("s", "i", "v");
        await other.SettledAsync();
        var (deleted, later) = (default(WriteOutcome), Task.FromResult(new SessionReadOutcome(ReadStatus.Unavailable)));
        _redis.WhileAnswering = async () =>
        {
            deleted = await pod.DeleteAsync("s");
            later = pod.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None).AsTask();
        };

        await pod.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);

        Assert.True(deleted.Succeeded);
        Assert.Equal(ReadStatus.NotFound, (await later).Status);
    }

    /// <summary>The answer is void, for something of the session was written here meanwhile: the copy on disk is as doubtful as before.</summary>
    [Fact]
    public async Task Read_OfADoubtfulCopyOnDiskWhileItIsWritten_IsNotTheOldValue()
    {
        await using var other = new SharedHarness(All, _redis, _postgres);
        await using var pod = new SharedHarness(All + ", promoteAfter: 99", _redis, _postgres, node: 2);
        await pod.PutAsync("s", "i", "old");
        await pod.PutAsync("s", "b", "1");
        await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
        await other.PutAsync("s", "i", "new");
        _redis.WhileAnswering = async () => await pod.PutAsync("s", "b", "2");

        Assert.Equal("new", await pod.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Read_OfADoubtfulCopyThatIsWrittenAgainAndAgain_Ends()
    {
        await using var other = new SharedHarness(All, _redis, _postgres);
        await using var pod = new SharedHarness(All, _redis, _postgres, node: 2);
        await pod.PutAsync("s", "i", "old");
        await other.PutAsync("s", "i", "new");
        var asked = 0;
        async Task WriteAsync()
        {
            if (++asked < 500) _redis.WhileAnswering = WriteAsync;
            await pod.PutAsync("s", "b", "x");
        }

        _redis.WhileAnswering = WriteAsync;
        Assert.Equal("new", await pod.ValueAsync("s", "i"));

        Assert.InRange(asked, 1, 50);
    }

    /// <summary>What the journal tells behind the stretch that there was room for is not known yet: a deletion that was acknowledged among it.</summary>
    [Fact]
    public async Task Restarted_BeforeTheJournalIsReadToItsEnd_WhatWasDeletedIsNotThere()
    {
        const string rule = "write: Behind, ack: Disk";
        var folder = Directory.CreateTempSubdirectory("tier-doubtful-").FullName;
        await using (var first = new SharedHarness(rule, _redis, _postgres, folder))
        {
            await first.PutAsync("s", "i", "v");
            await first.Engine.FlushAsync(CancellationToken.None);
            SetBoth(RemoteHealth.ReadOnly);
            await Task.WhenAll(Enumerable.Range(0, 3000).Select(number => first.PutAsync($"n{number}", "i", "v").AsTask()));
        }

        await using (var second = new SharedHarness(rule, _redis, _postgres, folder))
            Assert.True((await second.DeleteAsync("s")).Succeeded);

        await using (var third = new SharedHarness(rule, _redis, _postgres, folder))
        {
            await Eventually.HoldsAsync(() => third.Engine.Status().Tiers[2].BacklogSessions > 1000, () => "nothing is read");
            await Task.Delay(500, CancellationToken.None);
            var read = await third.ReadAsync("s", "i");
            SetBoth(RemoteHealth.Healthy);
            Assert.True(read.Status != ReadStatus.Found || read.Unavailable != TierSet.None, $"{read.Status} in {read.Source}");
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The tiers told of a newer value, and no tier here could take it over.</summary>
    [Fact]
    public async Task Read_OfANewerValueThatAFullDiskCannotTake_IsNotTheOldOneWithoutAWord()
    {
        await using var other = new SharedHarness("write: Through, ack: Redis", _redis, _postgres);
        await using var pod = new SharedHarness("write: Through, ack: Disk", _redis, _postgres, tiers: "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}\n  spillover: {capacity: 16Mi, ttl: 1d}", node: 2, sync: "interval: 100ms, maxBacklog: 16Mi");
        await pod.PutAsync("s", "i", "old");
        await pod.Engine.FlushAsync(CancellationToken.None);
        _postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        string? detail = null;
        var (random, number) = (new Random(1), 0);
        foreach (var size in new[] { 20_000, 2_000, 200, 1, 1, 1 })
        {
            for (var status = WriteStatus.Created; status != WriteStatus.Backlog && number < 9000; number++)
            {
                var bytes = new byte[size];
                random.NextBytes(bytes);
                var outcome = await pod.Engine.PutAsync(SharedHarness.Key($"n{number}"), new ItemWrite(SharedHarness.Key("i"), "application/octet-stream", Values.ItemValue.From(bytes)), default, CancellationToken.None);
                (status, detail) = (outcome.Status, outcome.Detail);
            }
        }

        Assert.Contains("disk tier is full", detail, StringComparison.Ordinal);

        await other.PutAsync("s", "i", "new");
        var read = await pod.ReadAsync("s", "i");
        var value = read.Status == ReadStatus.Found ? System.Text.Encoding.UTF8.GetString(read.Value.ToArray()) : null;

        _postgres.SetState(new(RemoteHealth.Healthy));
        Assert.True(value != "old" || read.Unavailable != TierSet.None, $"{value} in {read.Source}, {read.Unavailable}");
    }

    /// <summary>Who reads gives up between the comparison and what comes of it.</summary>
    [Fact]
    public async Task Read_OfADoubtfulCopyOnDisk_GivenUpMidway_LeavesItDoubtful()
    {
        await using var other = new SharedHarness(All, _redis, _postgres);
        await using var pod = new SharedHarness(All + ", promoteAfter: 99", _redis, _postgres, node: 2);
        await pod.PutAsync("s", "i", "old");
        await pod.PutAsync("s", "b", "1");
        await pod.SettledAsync();
        await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
        await other.PutAsync("s", "i", "new");
        var (hold, decide) = (new TaskCompletionSource(), Task.FromResult(default(WriteOutcome)));
        using var caller = new CancellationTokenSource();
        _redis.WhileAnswering = async () =>
        {
            _redis.WhileAnswering = () => hold.Task;
            decide = pod.PutAsync("s", "b", "2", new WriteOptions { Condition = new Precondition { MustNotExist = true } }).AsTask();
            await Eventually.HoldsAsync(() => _redis.WhileAnswering is null, () => "the condition is not asked");
        };

        var read = pod.Engine.ReadAsync(SharedHarness.Key("s"), SharedHarness.Key("i"), caller.Token).AsTask();
        await Task.Delay(500, CancellationToken.None);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        hold.SetResult();
        Assert.Equal(WriteStatus.PreconditionFailed, (await decide).Status);

        Assert.Equal("new", await pod.ValueAsync("s", "i"));
    }

    /// <summary>The tier that has the newest did not answer in time, and another told of what it had: that is no comparison.</summary>
    [Fact]
    public async Task Read_OfADoubtfulCopyWhileRedisDoesNotAnswer_StaysDoubtful()
    {
        const string rule = "write: Through, ack: Redis";
        await using var other = new SharedHarness(rule, _redis, _postgres);
        await using var pod = new SharedHarness(rule, _redis, _postgres, node: 2);
        await other.PutAsync("s", "i", "old");
        await other.SettledAsync();
        Assert.Equal("old", await pod.ValueAsync("s", "i"));
        Assert.Equal("old", await pod.ValueAsync("s", "i"));
        _postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        var outcome = await other.PutAsync("s", "i", "new");
        Assert.True(outcome.Acked.HasFlag(TierSet.Redis));

        _redis.IsAway = true;
        var meanwhile = await pod.ReadAsync("s", "i");
        _redis.IsAway = false;
        var afterwards = await pod.ValueAsync("s", "i");
        _postgres.SetState(new(RemoteHealth.Healthy));
        await other.SettledAsync();

        Assert.Equal("new", await SharedHarness.StoredAsync(_postgres, "s", "i"));
        Assert.Equal(("new", TierSet.Redis), (afterwards, meanwhile.Unavailable));
        Assert.Equal("new", await pod.ValueAsync("s", "i"));
    }

    /// <summary>As before, of a session of which nothing was here: what PostgreSQL alone told is not brought here as if all had said so.</summary>
    [Fact]
    public async Task Read_BroughtHereWhileRedisDoesNotAnswer_IsDoubtful()
    {
        const string rule = "write: Through, ack: Redis";
        await using var other = new SharedHarness(rule, _redis, _postgres);
        await using var pod = new SharedHarness(rule, _redis, _postgres, node: 2);
        await other.PutAsync("s", "i", "old");
        await other.SettledAsync();
        _postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        await other.PutAsync("s", "i", "new");

        _redis.IsAway = true;
        var meanwhile = await pod.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);
        _redis.IsAway = false;
        var afterwards = await pod.ValueAsync("s", "i");
        _postgres.SetState(new(RemoteHealth.Healthy));

        Assert.Equal(TierSet.Redis, meanwhile.Unavailable);
        Assert.Equal("new", afterwards);
    }

    /// <summary>Another deleted it, and what this sidecar owes PostgreSQL has filled the notes: nothing of what was found is owed to anybody.</summary>
    [Fact]
    public async Task Read_OfWhatWasDeletedElsewhere_WhileTheBacklogIsFull_IsNotTheOldValueWithoutAWord()
    {
        await using var other = new SharedHarness("write: Through, ack: Redis", _redis, _postgres);
        await using var pod = new SharedHarness("write: Through, ack: Redis", _redis, _postgres, tiers: Memory, node: 2);
        await pod.PutAsync("s", "i", "old");
        await pod.SettledAsync();
        _postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        var status = WriteStatus.Created;
        for (var number = 0; number < 20_000 && status == WriteStatus.Created; number++) status = (await pod.PutAsync($"n{number}", "i", "x")).Status;
        Assert.Equal(WriteStatus.Backlog, status);
        Assert.Equal("old", await pod.ValueAsync("s", "i"));

        Assert.True((await other.DeleteAsync("s")).Acked.HasFlag(TierSet.Redis));
        var read = await pod.ReadAsync("s", "i");

        _postgres.SetState(new(RemoteHealth.Healthy));
        Assert.True(read.Status != ReadStatus.Found || read.Unavailable != TierSet.None, $"{read.Status} in {read.Source}");
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    private void SetBoth(RemoteHealth health)
    {
        _redis.SetState(new(health, "the test says so"));
        _postgres.SetState(new(health, "the test says so"));
    }
}
