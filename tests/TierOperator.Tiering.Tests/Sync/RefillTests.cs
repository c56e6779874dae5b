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
        await away.SettledAsync();

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
        await away.SettledAsync();

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
        await away.SettledAsync();

        Assert.Null(await SharedHarness.StoredAsync(redis, "s", "i"));
        Assert.Equal("v", await SharedHarness.StoredAsync(redis, "s", "kept"));
    }

    [Fact]
    public async Task ForgottenByPostgres_WhatThisSidecarAloneHas_IsNotDroppedForWhatAnotherWrites()
    {
        const string rule = "tiers: [memory, postgres], write: Through, ack: Postgres", memory = "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}";
        var postgres = new ModelTier(TierSet.Postgres);
        await using var one = new SharedHarness(rule, postgres: postgres, tiers: memory, sync: "interval: 1h", heard: TierSet.Postgres);
        await one.PutAsync("s", "a", "mine");
        postgres.Forget();
        await Eventually.HoldsAsync(() => one.Engine.Status().Tiers[^1].BacklogSessions > 0, () => "nothing is outstanding");

        await using var other = new SharedHarness(rule, postgres: postgres, tiers: memory, node: 2);
        await other.PutAsync("s", "c", "theirs");

        Assert.Equal("theirs", await one.ValueAsync("s", "c"));
        Assert.Equal("mine", await one.ValueAsync("s", "a"));
        await one.Engine.FlushAsync(CancellationToken.None);
        Assert.Equal("mine", await SharedHarness.StoredAsync(postgres, "s", "a"));
    }

    [Fact]
    public async Task ReadAgain_SessionThatIsInMemoryAlone_IsNotDeleted()
    {
        await using var pod = new SharedHarness("write: Behind, ack: Memory", tiers: SharedHarness.Local.Replace("{capacity: 64Mi", "{mode: Overflow, capacity: 64Mi", StringComparison.Ordinal));
        await pod.PutAsync("s", "i", "old");
        await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
        await pod.Engine.ReplaceSessionAsync(SharedHarness.Key("s"), [new ItemWrite(SharedHarness.Key("i"), "text/plain", new ItemValue("new"u8.ToArray()))], default, CancellationToken.None);
        await pod.SettledAsync();

        foreach (var loop in pod.Engine.Shared!.Loops) loop.Outbox.FallBehind(default);
        await pod.SettledAsync();

        Assert.Equal("new", await SharedHarness.StoredAsync(pod.Redis, "s", "i"));
        Assert.Equal("new", await SharedHarness.StoredAsync(pod.Postgres, "s", "i"));
    }

    [Theory]
    [InlineData("write: Through, ack: All", "")]
    [InlineData("write: Behind, ack: Memory", "mode: Overflow, ")]
    public async Task Forgotten_SessionThatWasReplaced_IsThereAgain(string rule, string mode)
    {
        await using var pod = new SharedHarness(rule, tiers: SharedHarness.Local.Replace("{capacity: 64Mi", $"{{{mode}capacity: 64Mi", StringComparison.Ordinal));
        await pod.PutAsync("s", "gone", "v");
        await pod.Engine.ReplaceSessionAsync(SharedHarness.Key("s"), [new ItemWrite(SharedHarness.Key("i"), "text/plain", new ItemValue("new"u8.ToArray()))], default, CancellationToken.None);
        await pod.SettledAsync();

        pod.Redis.Forget();
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Redis, "s", "i") == "new", () => "Redis is not refilled");
        await pod.SettledAsync();

        await using var reader = new SharedHarness("write: Through, ack: All", pod.Redis, pod.Postgres, node: 3);
        Assert.Equal("new", await reader.ValueAsync("s", "i"));
        Assert.Null(await reader.ValueAsync("s", "gone"));
        Assert.Equal("new", await pod.ValueAsync("s", "i"));
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
        await pod.SettledAsync();

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
        await here.SettledAsync();
        await using (var other = new SharedHarness("write: Through, ack: All", redis, postgres, node: 2)) await other.PutAsync("s", "b", "new");
        postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));
        await here.PutAsync("s", "a", "new");

        redis.Forget();
        await Eventually.HoldsAsync(() => here.Engine.Status().Tiers[2].BacklogSessions == 1, () => "nothing is outstanding to Redis");
        postgres.SetState(new(RemoteHealth.Healthy));
        await here.SettledAsync();

        Assert.Equal("new", await SharedHarness.StoredAsync(redis, "s", "a"));
        Assert.Equal("new", await SharedHarness.StoredAsync(redis, "s", "b"));
    }

    [Fact]
    public async Task Forgotten_WhatAnotherSidecarOwesPostgres_IsNotDroppedThere()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var one = new SharedHarness("write: Through, ack: All", redis, postgres);
        await using var other = new SharedHarness("write: Behind, ack: Disk", redis, postgres, node: 2, sync: "interval: 1h");
        await one.PutAsync("s", "a", "v");
        await other.PutAsync("s", "b", "w");
        await one.PutAsync("s", "c", "x"); // newer, and so what knows of it and lacks b would say that b is gone
        postgres.SetState(new(RemoteHealth.ReadOnly, "read-only"));

        redis.Forget();
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(redis, "s", "a") == "v", () => "Redis is not refilled");
        redis.SkipAnnouncements();

        Assert.Equal("x", await other.ValueAsync("s", "c"));
        Assert.Equal("w", await other.ValueAsync("s", "b"));
        postgres.SetState(new(RemoteHealth.Healthy));
        await other.Engine.FlushAsync(CancellationToken.None);
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Forgotten_AndRestartedBeforeAllIsBack_NothingOldIsSent(bool isDeleted)
    {
        const string rule = "write: Through, ack: All";
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        var folder = Directory.CreateTempSubdirectory("tier-refill-").FullName;
        await using (var away = new SharedHarness(rule, redis, postgres, folder)) await away.PutAsync("s", "i", "old");
        await using (var other = new SharedHarness(rule, redis, postgres, node: 2))
            _ = isDeleted ? await other.DeleteAsync("s") : await other.PutAsync("s", "i", "new");
        await using (var before = new SharedHarness(rule, redis, postgres, folder))
        {
            postgres.SetState(new(RemoteHealth.Unavailable, "down"));
            redis.Forget();
            await Eventually.HoldsAsync(() => before.Engine.Status().Tiers[2].BacklogSessions == 1, () => "nothing is outstanding to Redis");
        }

        await using (var after = new SharedHarness(rule, redis, postgres, folder))
        {
            await Eventually.HoldsAsync(() => after.Engine.Status().Tiers[2].BacklogSessions == 1, () => "the restart forgot what is outstanding");
            Assert.Null(await SharedHarness.StoredAsync(redis, "s", "i"));
            postgres.SetState(new(RemoteHealth.Healthy));
            await after.SettledAsync();
        }

        Assert.Equal(isDeleted ? null : "new", await SharedHarness.StoredAsync(redis, "s", "i"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task FailedOver_ItemThatIsOlderThere_IsReadFromAllTiersMeanwhile()
    {
        const string rule = "write: Through, ack: All, promoteAfter: 9";
        await using var pod = new SharedHarness(rule, tiers: "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}");
        await pod.PutAsync("s", "i", "old");
        var failOver = pod.Redis.FailOverLater();
        await pod.PutAsync("s", "i", "new");
        await pod.PutAsync("s", "added", "new");
        await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
        failOver();
        await using var reader = new SharedHarness(rule, pod.Redis, pod.Postgres, node: 2);
        var refill = new TaskCompletionSource();
        pod.Postgres.WhileAnswering = () => refill.Task;
        reader.Engine.Shared!.Of(TierSet.Redis)!.Outbox.Refills.Add(SharedHarness.Key("s"), null);
        await Eventually.HoldsAsync(() => pod.Postgres.WhileAnswering is null, () => "no refill begins");

        var (changed, added) = (await reader.ValueAsync("s", "i"), await reader.ValueAsync("s", "added"));
        refill.SetResult();

        Assert.Equal(("new", "new"), (changed, added));
    }

    private static ValueTask<WriteOutcome> CreateAsync(SharedHarness pod) => pod.Engine.PutAsync(
        SharedHarness.Key("s"), new ItemWrite(SharedHarness.Key("i"), "text/plain", new ItemValue(SharedHarness.Key("again"))),
        new WriteOptions { Condition = new Precondition { MustNotExist = true } }, CancellationToken.None);
}
