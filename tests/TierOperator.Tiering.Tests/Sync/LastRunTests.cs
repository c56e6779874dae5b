using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>
/// A sidecar ends between Redis's answer and its own disk: what Redis alone has then is read after the restart, and holds from there on, also when
/// Redis loses it.
/// </summary>
public sealed class LastRunTests : IAsyncDisposable
{
    private const string Rule = "write: Through, ack: All";
    private readonly string _folder = Directory.CreateTempSubdirectory("tier-last-run-").FullName;
    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);

    [Fact]
    public async Task LostHere_WriteThatRedisHas_ReachesPostgres()
    {
        await using var after = await RestartedAfterAsync(static (header, version) => new RemoteChange(SharedHarness.Key("s"))
        {
            Header = header, Newest = version, IsAnnounced = true, Puts = [new ItemSnapshot(SharedHarness.Key("a"), "text/plain", version, new ItemValue("new"u8.ToArray()))],
        });

        Assert.Equal("new", await after.ValueAsync("s", "a"));

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "a") == "new", () => "PostgreSQL has the old value");
    }

    [Fact]
    public async Task LostHere_RemovalThatRedisHas_ReachesPostgres()
    {
        await using var after = await RestartedAfterAsync(static (header, version) => new RemoteChange(SharedHarness.Key("s"))
        {
            Header = header, Newest = version, IsAnnounced = true, Removals = [new RemovedItem(SharedHarness.Key("a"), version)],
        });

        Assert.Null(await after.ValueAsync("s", "a"));

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "a") is null, () => "PostgreSQL has what was removed");
        Assert.Equal("kept", await SharedHarness.StoredAsync(_postgres, "s", "b"));
    }

    [Fact]
    public async Task LostHere_DeletionThatRedisHas_ReachesPostgres()
    {
        await using var after = await RestartedAfterAsync(static (_, version) => new RemoteChange(SharedHarness.Key("s")) { Floor = version, Newest = version, IsAnnounced = true });

        Assert.Null(await after.ValueAsync("s", "a"));

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "b") is null, () => "PostgreSQL has what was deleted");
    }

    [Fact]
    public async Task NotOurs_WriteThatRedisHas_IsItsWritersToTell()
    {
        await using var after = await RestartedAfterAsync(static (header, version) => new RemoteChange(SharedHarness.Key("s"))
        {
            Header = header, Newest = version with { Node = 2 }, IsAnnounced = true,
            Puts = [new ItemSnapshot(SharedHarness.Key("a"), "text/plain", version with { Node = 2 }, new ItemValue("new"u8.ToArray()))],
        });

        Assert.Equal("new", await after.ValueAsync("s", "a"));

        await after.Engine.FlushAsync(CancellationToken.None);
        Assert.Equal("old", await SharedHarness.StoredAsync(_postgres, "s", "a"));
    }

    /// <summary>As LostHere_WriteThatRedisHas_ReachesPostgres, where the session is read after another start only.</summary>
    [Fact]
    public async Task LostHere_ReadAfterTheSecondStart_ReachesPostgres()
    {
        await using (var before = new SharedHarness(Rule, _redis, _postgres, _folder))
        {
            await before.PutAsync("s", "i", "old");
            await before.SettledAsync();
        }

        var there = (await _redis.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None)).Session!;
        var version = new ItemVersion(there.Items[0].Version.Stamp + 1, 1);
        await _redis.ApplyAsync([new RemoteChange(SharedHarness.Key("s")) { Header = there.Header, Newest = version, Puts = [there.Items[0] with { Version = version, Value = new Values.ItemValue("new"u8.ToArray()) }] }], CancellationToken.None);
        await using (var between = new SharedHarness(Rule, _redis, _postgres, _folder, node: 7))
        {
            await between.PutAsync("t", "i", "v");
            await between.SettledAsync();
        }

        await using (var after = new SharedHarness(Rule, _redis, _postgres, _folder, node: 8))
        {
            Assert.Equal("new", await after.ValueAsync("s", "i"));
            await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "i") == "new", () => "PostgreSQL has the old value");
        }
    }

    /// <summary>As LostHere_WriteThatRedisHas_ReachesPostgres, of a session of which nothing is here and that is not brought here by the first read.</summary>
    [Fact]
    public async Task LostHere_NewSessionThatRedisHas_ReadOnce_ReachesPostgres()
    {
        const string rule = Rule + ", promoteAfter: 9";
        await using (var before = new SharedHarness(rule, _redis, _postgres, _folder))
        {
            await before.PutAsync("s", "i", "v");
            await before.SettledAsync();
        }

        var there = (await _redis.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None)).Session!;
        var version = new ItemVersion(there.Items[0].Version.Stamp + 1, 1);
        await _redis.ApplyAsync([new RemoteChange(SharedHarness.Key("new")) { Header = there.Header, Newest = version, IsWhole = true, Puts = [there.Items[0] with { Version = version }] }], CancellationToken.None);
        await using (var after = new SharedHarness(rule, _redis, _postgres, _folder))
        {
            await Eventually.HoldsAsync(() => after.Engine.Shared!.Loops.All(static loop => loop.Outbox.KnowsAll), () => "the journal is never read");
            Assert.Equal("v", await after.ValueAsync("new", "i"));
            await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "new", "i") == "v", () => "PostgreSQL has nothing of it");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A sidecar whose last run had a change taken by Redis, of which its disk and PostgreSQL know nothing.</summary>
    private async Task<SharedHarness> RestartedAfterAsync(Func<SessionHeader, ItemVersion, RemoteChange> lost)
    {
        await using (var before = new SharedHarness(Rule, _redis, _postgres, _folder))
        {
            await before.PutAsync("s", "a", "old");
            await before.PutAsync("s", "b", "kept");
            await before.SettledAsync();
        }

        var there = await _redis.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);
        await _redis.ApplyAsync([lost(there.Session!.Header, new ItemVersion(there.Newest.Stamp + 1, 1))], CancellationToken.None);
        var after = new SharedHarness(Rule, _redis, _postgres, _folder);
        await Eventually.HoldsAsync(() => after.Engine.Shared!.Loops.All(static loop => loop.Outbox.KnowsAll), () => "the journal is never read");
        return after;
    }
}
