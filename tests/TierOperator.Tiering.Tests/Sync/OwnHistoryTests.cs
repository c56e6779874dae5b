using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A sidecar alone, started anew: what it wrote in one run is never in conflict with what it wrote in another, whatever the rule's strategy.</summary>
public sealed class OwnHistoryTests : IAsyncDisposable
{
    private const string First = """{"a":1,"gone":2,"v":"first"}""", Second = """{"a":1,"v":"second"}""", Third = """{"a":1,"v":"third"}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("tier-own-").FullName;
    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);
    private uint _node;

    public static TheoryData<string> Strategies => ["Merge", "SourcePriority", "Manual", "LatestWins"];

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task Restart_WithAWriteThatNoTierHasHeardOf_IsThatWrite(string strategy)
    {
        await RunAsync(strategy, async run =>
        {
            await PutAsync(run, First);
            await AreSettledAsync(run);
            _redis.IsAway = true;
            await PutAsync(run, Second);
        });
        _redis.IsAway = false;

        await RunAsync(strategy, run => StandsAsync(run, Second));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task Restart_WithAWriteOfEachRun_IsTheLast(string strategy)
    {
        await RunAsync(strategy, async run =>
        {
            await PutAsync(run, First);
            await AreSettledAsync(run);
            _redis.IsAway = true;
            await PutAsync(run, Second);
        });
        await RunAsync(strategy, run => PutAsync(run, Third));
        _redis.IsAway = false;

        await RunAsync(strategy, run => StandsAsync(run, Third));
    }

    /// <remarks>More runs than those whose ends are remembered.</remarks>
    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task Restart_LongAfterTheFirstWrite_IsTheLast(string strategy)
    {
        await RunAsync(strategy, async run =>
        {
            await PutAsync(run, First);
            await AreSettledAsync(run);
        });
        for (var runs = 0; runs < 20; runs++) await RunAsync(strategy, static _ => Task.CompletedTask);
        _redis.IsAway = true;
        await RunAsync(strategy, run => PutAsync(run, Second));
        _redis.IsAway = false;

        await RunAsync(strategy, run => StandsAsync(run, Second));
    }

    [Theory]
    [InlineData("Merge", true)]
    [InlineData("SourcePriority", true)]
    [InlineData("Manual", true)]
    [InlineData("Merge", false)]
    public async Task Restart_WithAWriteOverAnothers_IsAConflictOnlyWhereThatWasNotRead(string strategy, bool isRead)
    {
        await RunAsync(strategy, async run =>
        {
            await PutAsync(run, First);
            await AreSettledAsync(run);
            var theirs = new ItemVersion((await StoredAsync(_redis)).Version.Stamp + 1, 77);
            await ReplaceAsync(theirs, "application/json", """{"theirs":1}""");
            if (isRead) await Eventually.HoldsAsync(async () => (await run.ReadAsync("s", "a")).Version == theirs, () => "the other's write is never read");
            _redis.IsAway = true;
            await PutAsync(run, Second);
        });
        _redis.IsAway = false;

        await RunAsync(strategy, async run =>
        {
            await AreSettledAsync(run);
            Assert.Equal(isRead ? Second : """{"theirs":1,"a":1,"v":"second"}""", await SharedHarness.StoredAsync(_redis, "s", "a"));
            Assert.Equal(isRead ? 0 : 1, run.Engine.ConflictsDecided);
        });
    }

    [Fact]
    public async Task Restart_WithADisputeThatNobodyHereHasRead_DisputesOn()
    {
        await RunAsync("Manual", async run =>
        {
            await PutAsync(run, First);
            await AreSettledAsync(run);
            _redis.IsAway = true;
            await PutAsync(run, Second);
        });
        _redis.IsAway = false;
        await ReplaceAsync(new ItemVersion((await StoredAsync(_redis)).Version.Stamp + 1, 1), ConflictDocument.ContentType, """{"versions":[{"version":"1"},{"version":"2"}]}""");

        await RunAsync("Manual", async run =>
        {
            await AreSettledAsync(run);
            Assert.True(ConflictDocument.IsOne((await StoredAsync(_redis)).ContentType));
            Assert.Equal(1, run.Engine.ConflictsDecided);
        });
    }

    [Theory]
    [InlineData(1, 0)] // the run before
    [InlineData(2, 0)] // this one
    [InlineData(9, 1)]
    public async Task Older_IsAConflictOnlyWhereAnotherWrote(int winner, int conflicts)
    {
        await RunAsync("LatestWins", static _ => Task.CompletedTask);
        await RunAsync("LatestWins", run =>
        {
            var owed = new OwedSession(SharedHarness.Key("s"));
            owed.Take(new OwedNote(owed.Key, new ItemVersion(5, 1), 0) { Puts = [new OwedPut(SharedHarness.Key("a"), 1, null)], IsReread = true });

            ((ISyncSource)run.Engine).OnSettled(owed, run.Engine.LoopOf(TierSet.Redis)!.Link, new RemoteResult(RemoteStatus.Older) { Newest = new ItemVersion(6, (uint)winner) });

            Assert.Equal(conflicts, run.Engine.ConflictsDecided);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Older_ThanItself_IsNoConflict()
        => await RunAsync("LatestWins", run =>
        {
            var owed = new OwedSession(SharedHarness.Key("s"));
            owed.Take(new OwedNote(owed.Key, new ItemVersion(6, 9), 0) { Puts = [new OwedPut(SharedHarness.Key("a"), 1, null)] });

            ((ISyncSource)run.Engine).OnSettled(owed, run.Engine.LoopOf(TierSet.Redis)!.Link, new RemoteResult(RemoteStatus.Older) { Newest = new ItemVersion(6, 9) });

            Assert.Equal(0, run.Engine.ConflictsDecided);
            return Task.CompletedTask;
        });

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Each run has a node of its own, as a sidecar's does.</summary>
    private async Task RunAsync(string strategy, Func<SharedHarness, Task> run)
    {
        await using var harness = new SharedHarness($"write: Behind, ack: Disk, onConflict: {strategy}", _redis, _postgres, _folder, node: ++_node);
        await run(harness);
    }

    private static async Task PutAsync(SharedHarness run, string value)
    {
        var put = await run.Engine.PutAsync(SharedHarness.Key("s"), new ItemWrite(SharedHarness.Key("a"), "application/json", ItemValue.From(SharedHarness.Key(value))), default, CancellationToken.None);
        Assert.True(put.Succeeded, put.Detail);
    }

    private static Task AreSettledAsync(SharedHarness run) => Eventually.HoldsAsync(
        () => run.Engine.Status().Tiers.All(static tier => tier.BacklogSessions == 0) && run.Engine.Shared!.Loops.All(static loop => loop.Outbox.KnowsAll),
        () => string.Join('\n', run.Engine.Status().Tiers));

    private async Task StandsAsync(SharedHarness run, string value)
    {
        await AreSettledAsync(run);
        Assert.Equal(value, await run.ValueAsync("s", "a"));
        Assert.Equal(value, await SharedHarness.StoredAsync(_redis, "s", "a"));
        Assert.Equal(value, await SharedHarness.StoredAsync(_postgres, "s", "a"));
        Assert.Equal(0, run.Engine.ConflictsDecided);
    }

    private static async Task<ItemSnapshot> StoredAsync(ModelTier tier) => (await tier.ReadItemAsync(SharedHarness.Key("s"), SharedHarness.Key("a"), CancellationToken.None)).Item;

    private async Task ReplaceAsync(ItemVersion version, string contentType, string value)
    {
        var there = await _redis.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);
        var put = new ItemSnapshot(SharedHarness.Key("a"), contentType, version, new ItemValue(SharedHarness.Key(value)));
        await _redis.ApplyAsync([new RemoteChange(SharedHarness.Key("s")) { Header = there.Session!.Header, Newest = version, IsAnnounced = true, Puts = [put] }], CancellationToken.None);
    }
}
