using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>While no announcements arrive, a copy is believed for a moment only: then it is compared, or answers with word of the tier that is away.</summary>
public sealed class DeafReadTests
{
    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);

    [Fact]
    public async Task Read_ChangedByAnotherUnheard_IsTheNewValueSoon()
    {
        await using var one = new SharedHarness("write: Through, ack: All", _redis, _postgres, node: 1);
        await using var two = await HoldingAsync("write: Through, ack: All", one, "old");
        _redis.IsMute = true;

        await one.PutAsync("s", "i", "new");

        await Eventually.HoldsAsync(async () => await two.ValueAsync("s", "i") == "new", () => "the old value is still told");
        await one.PutAsync("s", "i", "newer"); // what was compared once is compared again
        await Eventually.HoldsAsync(async () => await two.ValueAsync("s", "i") == "newer", () => "the copy is believed for good");
    }

    [Fact]
    public async Task Read_TierAwayToo_SaysSoUnderDegrade_AndAsksNoSlowerTier()
    {
        await using var one = new SharedHarness("write: Through, ack: All", _redis, _postgres, node: 1);
        await using var two = await HoldingAsync("write: Through, ack: All", one, "kept");
        CutOff();
        await Eventually.HoldsAsync(async () => (await two.ReadAsync("s", "i")).Unavailable.HasFlag(TierSet.Redis), () => "the copy answers without a word");

        var asked = _postgres.SessionReads;
        var read = await two.ReadAsync("s", "i");
        var missing = await two.ReadAsync("s", "nothing");
        var session = await two.Engine.ReadSessionAsync(SharedHarness.Key("s"), CancellationToken.None);

        Assert.Equal((ReadStatus.Found, TierSet.Memory), (read.Status, read.Source));
        Assert.Equal("kept", System.Text.Encoding.UTF8.GetString(read.Value.ToArray()));
        Assert.Equal(ReadStatus.NotFound, missing.Status);
        Assert.True(missing.Unavailable.HasFlag(TierSet.Redis));
        Assert.Equal(ReadStatus.Found, session.Status);
        Assert.True(session.Unavailable.HasFlag(TierSet.Redis));
        session.Session!.Release();
        Assert.Equal(asked, _postgres.SessionReads);
    }

    [Fact]
    public async Task Read_TiersAway_IsUnavailableUnderFail_AndHeals()
    {
        await using var one = new SharedHarness("write: Through, ack: All, onTierFailure: Fail", _redis, _postgres, node: 1);
        await using var two = await HoldingAsync("write: Through, ack: All, onTierFailure: Fail", one, "kept");
        CutOff();
        _postgres.SetState(new(RemoteHealth.Unavailable, "down"));
        await Eventually.HoldsAsync(async () => (await two.ReadAsync("s", "i")).Status == ReadStatus.Unavailable, () => "what may be old is told though the rule says Fail");

        _redis.SetState(new(RemoteHealth.Healthy));
        _redis.IsMute = false;

        await Eventually.HoldsAsync(async () => await two.ReadAsync("s", "i") is { Status: ReadStatus.Found, Unavailable: TierSet.None }, () => "the copy is not told again");
    }

    [Fact]
    public async Task Read_OfWhatOnlyTheDiskHas_SaysSoToo()
    {
        await using var one = new SharedHarness("write: Through, ack: All, promoteAfter: 9", _redis, _postgres, node: 1);
        await one.PutAsync("s", "i", "kept");
        await one.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
        CutOff();

        await Eventually.HoldsAsync(async () => await one.ReadAsync("s", "i") is { Status: ReadStatus.Found, Unavailable: not TierSet.None, Source: TierSet.Spillover }, () => "the disk's copy answers without a word");
    }

    private async Task<SharedHarness> HoldingAsync(string rule, SharedHarness writer, string value)
    {
        await writer.PutAsync("s", "i", value);
        var pod = new SharedHarness(rule, _redis, _postgres, node: 2);
        await Eventually.HoldsAsync(async () => (await pod.ReadAsync("s", "i")).Source == TierSet.Memory, () => "the copy never comes up");
        return pod;
    }

    private void CutOff()
    {
        _redis.IsMute = true;
        _redis.SetState(new(RemoteHealth.Unavailable, "down"));
    }
}
