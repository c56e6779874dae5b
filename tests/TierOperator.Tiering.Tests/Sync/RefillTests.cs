using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>
/// What a sidecar sends to a Redis that has lost what it had may be older than what others wrote to PostgreSQL meanwhile: nobody may then read the old
/// value, or find a session deleted that was written anew.
/// </summary>
public sealed class RefillTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Forgotten_WhatAnotherSidecarWroteSince_IsNotHidden(bool isDeleted)
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var away = new SharedHarness("write: Through, ack: All", redis, postgres);
        await away.PutAsync("s", "i", "old");
        if (isDeleted) await away.DeleteAsync("s");
        await using (var other = new SharedHarness("write: Through, ack: All", redis, postgres, node: 2)) await other.PutAsync("s", "i", "new");

        redis.Forget();
        await SettledAsync(away);

        await using var reader = new SharedHarness("write: Through, ack: All", redis, postgres, node: 3);
        Assert.Equal("new", await reader.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Forgotten_WhatAnotherSidecarDeletedSince_StaysDeleted()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var away = new SharedHarness("write: Through, ack: All", redis, postgres);
        await away.PutAsync("s", "i", "old");
        await using (var other = new SharedHarness("write: Through, ack: All", redis, postgres, node: 2)) await other.DeleteAsync("s");

        redis.Forget();
        await SettledAsync(away);

        Assert.Null(await SharedHarness.StoredAsync(redis, "s", "i"));
        await using var reader = new SharedHarness("write: Through, ack: All", redis, postgres, node: 3);
        Assert.Null(await reader.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Forgotten_ItemThatAnotherSidecarRemovedSince_StaysRemoved()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var away = new SharedHarness("write: Through, ack: All", redis, postgres);
        await away.PutAsync("s", "kept", "v");
        await away.PutAsync("s", "i", "old");
        await using (var other = new SharedHarness("write: Through, ack: All", redis, postgres, node: 2))
            await other.Engine.DeleteItemAsync(SharedHarness.Key("s"), SharedHarness.Key("i"), default, CancellationToken.None);

        Assert.Null(await SharedHarness.StoredAsync(postgres, "s", "i"));
        redis.Forget();
        await SettledAsync(away);

        Assert.Null(await SharedHarness.StoredAsync(redis, "s", "i"));
        Assert.Equal("v", await SharedHarness.StoredAsync(redis, "s", "kept"));
    }

    [Fact]
    public async Task FailedOver_ItemThatTheNewPrimaryStillHas_StaysRemoved()
    {
        await using var pod = new SharedHarness("write: Through, ack: All");
        await pod.PutAsync("s", "kept", "v");
        await pod.PutAsync("s", "i", "old");
        var failOver = pod.Redis.FailOverLater();
        await pod.Engine.DeleteItemAsync(SharedHarness.Key("s"), SharedHarness.Key("i"), default, CancellationToken.None);

        failOver();
        await SettledAsync(pod);

        Assert.Null(await SharedHarness.StoredAsync(pod.Redis, "s", "i"));
        Assert.Equal("v", await SharedHarness.StoredAsync(pod.Redis, "s", "kept"));
    }

    [Fact]
    public async Task Forgotten_WhatPostgresHasYetToHear_IsToldFirst()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var here = new SharedHarness("write: Behind, ack: Disk", redis, postgres);
        await here.PutAsync("s", "a", "old");
        await here.PutAsync("s", "b", "old");
        await SettledAsync(here);
        await using (var other = new SharedHarness("write: Through, ack: All", redis, postgres, node: 2)) await other.PutAsync("s", "b", "new");
        postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        await here.PutAsync("s", "a", "new");

        redis.Forget();
        await Eventually.HoldsAsync(() => here.Engine.Status().Tiers[2].BacklogSessions == 1, () => "nothing is outstanding to Redis");
        postgres.SetState(new(RemoteHealth.Healthy));
        await SettledAsync(here);

        Assert.Equal("new", await SharedHarness.StoredAsync(redis, "s", "a"));
        Assert.Equal("new", await SharedHarness.StoredAsync(redis, "s", "b"));
    }

    [Fact]
    public async Task Forgotten_WhatAnotherSidecarOwesPostgres_IsNotDroppedThere()
    {
        const string rule = "write: Behind, ack: Disk";
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var one = new SharedHarness(rule, redis, postgres);
        await one.PutAsync("s", "a", "v");
        await SettledAsync(one);
        await using var other = new SharedHarness(rule, redis, postgres, node: 2);
        postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        await other.PutAsync("s", "b", "w");
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(redis, "s", "b") == "w", () => "Redis never hears of it");

        redis.Forget();
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(redis, "s", "a") == "v", () => "Redis is not refilled");
        redis.SkipAnnouncements();

        Assert.Equal("v", await other.ValueAsync("s", "a"));
        Assert.Equal("w", await other.ValueAsync("s", "b"));
        postgres.SetState(new(RemoteHealth.Healthy));
        await SettledAsync(other);
        Assert.Equal("w", await SharedHarness.StoredAsync(postgres, "s", "b"));
    }

    [Fact]
    public async Task FailedOver_DeletedSession_GoesAgainWhilePostgresIsAway()
    {
        await using var pod = new SharedHarness("write: Through, ack: Redis");
        await pod.PutAsync("s", "i", "v");
        var failOver = pod.Redis.FailOverLater();
        await pod.DeleteAsync("s");
        pod.Postgres.SetState(new(RemoteHealth.Unavailable, "down"));

        failOver();

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Redis, "s", "i") is null, () => "the new primary never hears of the delete");
        await Eventually.HoldsAsync(async () => await pod.ValueAsync("s", "i") is null, () => "what the new primary had stays here");
        pod.Postgres.SetState(new(RemoteHealth.Healthy));
    }

    [Fact]
    public async Task Forgotten_ConditionalWrite_IsDecidedOnWhatPostgresHas()
    {
        await using var pod = new SharedHarness("write: Through, ack: All");
        await pod.PutAsync("s", "i", "v");
        pod.Postgres.SetState(new(RemoteHealth.Unavailable, "down"));
        pod.Redis.Forget();
        await Eventually.HoldsAsync(() => pod.Engine.Status().Tiers[2].BacklogSessions == 1, () => "nothing is outstanding to Redis");
        Assert.Equal(WriteStatus.Unavailable, (await CreateAsync(pod)).Status);

        pod.Postgres.SetState(new(RemoteHealth.Healthy));
        await Eventually.HoldsAsync(async () => (await CreateAsync(pod)).Status == WriteStatus.PreconditionFailed, () => "the condition is not decided");

        Assert.Equal("v", await SharedHarness.StoredAsync(pod.Redis, "s", "i"));
    }

    [Fact]
    public async Task Forgotten_WhilePostgresIsAway_IsSentWhenItIsBack_AndIsNoDeadLetter()
    {
        await using var pod = new SharedHarness("write: Through, ack: All");
        await pod.PutAsync("s", "i", "v");
        pod.Postgres.SetState(new(RemoteHealth.Unavailable, "down"));

        pod.Redis.Forget();
        await Eventually.HoldsAsync(() => pod.Engine.Status().Tiers[2].BacklogSessions == 1, () => "nothing is outstanding to Redis");
        Assert.Null(await SharedHarness.StoredAsync(pod.Redis, "s", "i"));
        pod.Postgres.SetState(new(RemoteHealth.Healthy));

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Redis, "s", "i") == "v", () => "Redis stays empty");
        Assert.Empty(pod.Engine.ListDeadLetters());
    }

    private static ValueTask<WriteOutcome> CreateAsync(SharedHarness pod) => pod.Engine.PutAsync(
        SharedHarness.Key("s"), new ItemWrite(SharedHarness.Key("i"), "text/plain", new ItemValue(SharedHarness.Key("again"))),
        new WriteOptions { Condition = new Precondition { MustNotExist = true } }, CancellationToken.None);

    private static Task SettledAsync(SharedHarness pod)
        => Eventually.HoldsAsync(() => pod.Engine.Status().Tiers.All(static tier => tier.BacklogSessions == 0), () => string.Join('\n', pod.Engine.Status().Tiers));
}
