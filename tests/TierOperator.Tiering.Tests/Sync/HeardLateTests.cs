using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>What a tier is told late, out of turn or after it lost what it had: nothing of it goes missing, and nothing that was removed comes back.</summary>
public sealed class HeardLateTests : IAsyncDisposable
{
    private const string All = "write: Through, ack: All", Memory = "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}";
    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);

    [Fact]
    public async Task FailedOver_WithoutADisk_ItemThatTheNewPrimaryStillHas_StaysRemoved()
    {
        await using var pod = new SharedHarness(All, _redis, _postgres, tiers: Memory);
        await pod.PutAsync("s", "kept", "v");
        await pod.PutAsync("s", "i", "old");
        var failOver = _redis.FailOverLater();
        var removed = await pod.Engine.DeleteItemAsync(SharedHarness.Key("s"), SharedHarness.Key("i"), default, CancellationToken.None);
        Assert.True(removed.Succeeded);
        await pod.SettledAsync();

        var round = pod.Engine.Shared!.Of(TierSet.Redis)!.Outbox.Round;
        failOver();
        await Eventually.HoldsAsync(() => pod.Engine.Shared.Of(TierSet.Redis)!.Outbox.Round > round, () => "the failover is not noticed");
        await pod.SettledAsync();

        Assert.Null(await pod.ValueAsync("s", "i"));
        Assert.Null(await SharedHarness.StoredAsync(_redis, "s", "i"));
    }

    /// <summary>As Read_OlderInARedisThatHoldsAPart_ThanInPostgres_IsMendedThere, with a removal.</summary>
    [Fact]
    public async Task Read_StillThereInARedisThatHoldsAPart_AndRemovedInPostgres_IsMendedThere()
    {
        await using var one = new SharedHarness(All, _redis, _postgres);
        await one.PutAsync("s", "a", "old");
        await one.PutAsync("s", "b", "kept");
        await one.SettledAsync();
        _redis.Forget();
        await Eventually.HoldsAsync(() => _redis.IsPartOf("s") && one.Engine.Status().Tiers.All(static tier => tier.BacklogSessions == 0), () => "Redis is not refilled");
        var there = (await _postgres.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None)).Session!;
        var version = new ItemVersion(there.Items.Max(static item => item.Version.Stamp) + 1, 9);
        await _postgres.ApplyAsync([new RemoteChange(SharedHarness.Key("s")) { Header = there.Header, Newest = version, Removals = [new RemovedItem(SharedHarness.Key("a"), version)] }], CancellationToken.None);

        await using var reader = new SharedHarness("write: Through, ack: Redis, promoteAfter: 9", _redis, _postgres, tiers: Memory, node: 4);
        var read = await reader.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);
        Assert.Single(read.Session!.Items);
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_redis, "s", "a") is null, () => "Redis has what was removed");

        await using var next = new SharedHarness("write: Through, ack: Redis, promoteAfter: 9", _redis, _postgres, tiers: Memory, node: 5);
        Assert.Null(await next.ValueAsync("s", "a"));
    }

    /// <summary>PostgreSQL came back empty, and a sidecar that has a part tells it of that first. Redis has all.</summary>
    [Fact]
    public async Task ForgottenByPostgres_WhatRedisHas_IsNotMissingWhereAPartIsHere()
    {
        await using (var gone = new SharedHarness(All, _redis, _postgres)) await gone.PutAsync("s", "a", "v");
        await using var pod = new SharedHarness(All, _redis, _postgres, tiers: Memory, node: 2);
        await pod.PutAsync("s", "b", "w");
        await pod.SettledAsync();

        _postgres.Forget();
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "b") == "w", () => "PostgreSQL stays empty");
        await pod.SettledAsync();

        Assert.Equal("v", await SharedHarness.StoredAsync(_redis, "s", "a"));
        Assert.Equal("v", await pod.ValueAsync("s", "a"));
    }

    /// <summary>PostgreSQL was away when the session was made; who wrote to it last is heard there first, and has a part of it only.</summary>
    [Fact]
    public async Task PostgresBack_WhereAPartIsHeardFirst_WhatRedisHasIsNotMissing()
    {
        const string rule = "write: Through, ack: Redis";
        _postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        var folder = Directory.CreateTempSubdirectory("tier-late-").FullName;
        await using var pod = new SharedHarness(rule, _redis, _postgres, node: 2);
        await using (var other = new SharedHarness(rule, _redis, _postgres, folder))
        {
            Assert.True((await other.PutAsync("s", "a", "v")).Acked.HasFlag(TierSet.Redis));
            await pod.PutAsync("s", "b", "w");
        }

        _postgres.SetState(new(RemoteHealth.Healthy));
        await pod.SettledAsync();
        await using (var again = new SharedHarness(rule, _redis, _postgres, folder))
            await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "a") == "v", () => "PostgreSQL never hears of it");

        Assert.Equal("v", await SharedHarness.StoredAsync(_redis, "s", "a"));
        Assert.Equal("v", await pod.ValueAsync("s", "a"));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Whoever looks for a session and notes all of it afterwards (a refill, a move, a dead letter) may be overtaken by its deletion.</summary>
    [Fact]
    public async Task Deleted_BeforeAllOfItIsNoted_GoesFromTheTierAllTheSame()
    {
        await using var pod = new SharedHarness(All, _redis, _postgres);
        await pod.PutAsync("s", "i", "v");
        await pod.SettledAsync();
        var header = pod.Engine.Describe(SharedHarness.Key("s"))!.Header;
        _redis.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        await pod.DeleteAsync("s");
        _ = pod.Engine.Shared!.Of(TierSet.Redis)!.Outbox.Note(new OwedNote(SharedHarness.Key("s"), header.Floor, 1) { Header = header, IsWhole = true }, wait: false);

        _redis.SetState(new(RemoteHealth.Healthy));
        await pod.SettledAsync();

        Assert.Null(await SharedHarness.StoredAsync(_redis, "s", "i"));
    }

    /// <summary>PostgreSQL ended a session at the version that it saw; Redis had not heard of it when the sidecar ended.</summary>
    [Fact]
    public async Task RetiredByPostgres_AndRestartedBeforeRedisHears_IsGoneThereToo()
    {
        var folder = Directory.CreateTempSubdirectory("tier-late-").FullName;
        await using (var before = new SharedHarness(All, _redis, _postgres, folder))
        {
            await before.PutAsync("s", "i", "v");
            await before.SettledAsync();
            _redis.SetState(new(RemoteHealth.ReadOnly, "read-only"));
            _postgres.Retires.Add(SharedHarness.Key("s"));
            await before.Engine.RunRetentionEverywhereAsync(dryRun: false, CancellationToken.None);
            Assert.Null(await before.ValueAsync("s", "i"));
        }

        _redis.SetState(new(RemoteHealth.Healthy));
        await using (var after = new SharedHarness(All, _redis, _postgres, folder))
        {
            await after.SettledAsync();
            Assert.Null(await after.ValueAsync("s", "i"));
        }

        Directory.Delete(folder, recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}
