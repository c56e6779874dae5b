using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

public sealed class SharedWriteTests
{
    [Fact]
    public async Task Put_ThroughAckAll_IsInEveryTierWhenItIsAnswered()
    {
        await using var pod = new SharedHarness("write: Through, ack: All");

        var outcome = await pod.PutAsync("s", "i", "one");

        Assert.Equal(WriteStatus.Created, outcome.Status);
        Assert.Equal(TierSet.Memory | TierSet.Spillover | TierSet.Redis | TierSet.Postgres, outcome.Acked);
        Assert.Equal("one", await SharedHarness.StoredAsync(pod.Redis, "s", "i"));
        Assert.Equal("one", await SharedHarness.StoredAsync(pod.Postgres, "s", "i"));
    }

    [Fact]
    public async Task Put_Behind_ArrivesInTime()
    {
        await using var pod = new SharedHarness("write: Behind, ack: Disk");

        var outcome = await pod.PutAsync("s", "i", "one");

        Assert.Equal(TierSet.Redis | TierSet.Postgres, outcome.Pending);
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Postgres, "s", "i") == "one", () => "PostgreSQL never heard of it");
    }

    [Fact]
    public async Task Put_ConditionAfterARestart_HearsWhatWasAcknowledgedBefore()
    {
        var folder = Directory.CreateTempSubdirectory("tier-behind-").FullName;
        var (redis, postgres) = (new ModelTier(TierSet.Redis) { IsAway = true }, new ModelTier(TierSet.Postgres) { IsAway = true });
        await using (var before = new SharedHarness("write: Behind, ack: Disk", redis, postgres, folder))
            Assert.True((await before.PutAsync("s", "i", "one")).Succeeded);
        (redis.IsAway, postgres.IsAway) = (false, false);

        await using (var after = new SharedHarness("write: Behind, ack: Disk", redis, postgres, folder))
        {
            var outcome = await after.PutAsync("s", "i", "two", new WriteOptions { Condition = new Precondition { MustNotExist = true } });

            Assert.Equal(WriteStatus.PreconditionFailed, outcome.Status);
            Assert.Equal("one", await after.ValueAsync("s", "i"));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Put_TierAwayUnderDegrade_Is202AndArrivesWhenItIsBack()
    {
        await using var pod = new SharedHarness("write: Through, ack: Postgres, onTierFailure: Degrade");
        pod.Postgres.IsAway = true;

        var outcome = await pod.PutAsync("s", "i", "one");

        Assert.Equal(WriteStatus.Accepted, outcome.Status);
        Assert.True(outcome.Pending.HasFlag(TierSet.Postgres));
        pod.Postgres.IsAway = false;
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Postgres, "s", "i") == "one", () => "PostgreSQL never heard of it");
    }

    [Fact]
    public async Task Put_TierAwayUnderFail_Is503()
    {
        await using var pod = new SharedHarness("write: Through, ack: Postgres, onTierFailure: Fail");
        pod.Postgres.SetState(new(Tiering.Remote.RemoteHealth.Unavailable, "down"));

        var outcome = await pod.PutAsync("s", "i", "one");

        Assert.Equal(WriteStatus.Unavailable, outcome.Status);
        Assert.Null(await pod.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Put_WithoutJournalAndTierAway_IsNever202()
    {
        await using var pod = new SharedHarness("write: Through, ack: Postgres, tiers: [postgres]", tiers: "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}");
        pod.Postgres.IsAway = true;

        var outcome = await pod.PutAsync("s", "i", "one");

        Assert.Equal(WriteStatus.Unavailable, outcome.Status);
    }

    [Fact]
    public async Task Put_RuleOfPostgresAlone_IsReadBackFromThere()
    {
        await using var pod = new SharedHarness("write: Through, ack: Postgres, tiers: [postgres]", tiers: "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}");

        var outcome = await pod.PutAsync("s", "i", "one");
        var read = await pod.ReadAsync("s", "i");

        Assert.Equal(WriteStatus.Created, outcome.Status);
        Assert.Equal(TierSet.Postgres, read.Source);
    }

    [Fact]
    public async Task Delete_Session_GoesFromEveryTierAndStaysGone()
    {
        await using var pod = new SharedHarness("write: Through, ack: All");
        await pod.PutAsync("s", "i", "one");

        await pod.DeleteAsync("s");

        Assert.Null(await pod.ValueAsync("s", "i"));
        Assert.Null(await SharedHarness.StoredAsync(pod.Redis, "s", "i"));
        Assert.Null(await SharedHarness.StoredAsync(pod.Postgres, "s", "i"));
    }

    [Fact]
    public async Task Delete_TierAway_IsNotReadBackFromIt()
    {
        await using var pod = new SharedHarness("write: Through, ack: Disk");
        await pod.PutAsync("s", "i", "one");
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Postgres, "s", "i") == "one", () => "PostgreSQL never heard of it");
        pod.Redis.Forget();
        pod.Redis.SetState(new(Tiering.Remote.RemoteHealth.Unavailable, "down"));
        pod.Postgres.SetState(new(Tiering.Remote.RemoteHealth.ReadOnly, "read-only"));

        await pod.DeleteAsync("s");

        Assert.Null(await pod.ValueAsync("s", "i"));
        pod.Postgres.SetState(new(Tiering.Remote.RemoteHealth.Healthy));
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Postgres, "s", "i") is null, () => "the deletion never arrived");
    }

    [Fact]
    public async Task Restart_WithOutstandingWrites_SendsThemFromTheJournal()
    {
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres) { IsAway = true });
        var folder = Directory.CreateTempSubdirectory("tier-shared-").FullName;
        await using (var before = new SharedHarness("write: Behind, ack: Disk", redis, postgres, folder))
        {
            await before.PutAsync("s", "kept", "one");
            await before.PutAsync("gone", "i", "two");
            await before.DeleteAsync("gone");
        }

        postgres.IsAway = false;
        await using (var after = new SharedHarness("write: Behind, ack: Disk", redis, postgres, folder))
        {
            await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(postgres, "s", "kept") == "one", () => "PostgreSQL never heard of it");
            Assert.Null(await SharedHarness.StoredAsync(postgres, "gone", "i"));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Tier_ThatForgot_HearsOfEverythingAgain()
    {
        await using var pod = new SharedHarness("write: Through, ack: All");
        for (var i = 0; i < 50; i++) await pod.PutAsync("s" + i, "i", "v" + i);

        pod.Redis.Forget();

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Redis, "s49", "i") == "v49" && await SharedHarness.StoredAsync(pod.Redis, "s0", "i") == "v0", () => "Redis stays empty");
    }

    [Fact]
    public async Task Poison_IsADeadLetterAndBlocksNobody()
    {
        await using var pod = new SharedHarness("write: Behind, ack: Disk");
        pod.Postgres.Refused["bad"] = true;

        await pod.PutAsync("bad", "i", "one");
        await pod.PutAsync("good", "i", "two");

        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(pod.Postgres, "good", "i") == "two", () => "the good one waits for the bad one");
        await Eventually.HoldsAsync(() => pod.Engine.DeadLetters.Count == 1, () => "there is no dead letter");
    }

    [Fact]
    public async Task Put_BacklogFull_IsBacklog()
    {
        await using var pod = new SharedHarness("write: Behind, ack: Disk", sync: "interval: 100ms, maxBacklog: 1Mi");
        pod.Postgres.SetState(new(Tiering.Remote.RemoteHealth.Unavailable, "down"));
        var value = new string('x', 60_000);

        var statuses = new List<WriteStatus>();
        for (var i = 0; i < 40; i++) statuses.Add((await pod.PutAsync("s" + i, "i", value)).Status);

        Assert.Contains(WriteStatus.Backlog, statuses);
    }
}
