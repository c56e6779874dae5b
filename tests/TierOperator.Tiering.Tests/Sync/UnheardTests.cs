using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>
/// Redis was away while PostgreSQL took changes, and comes back with what it held before: it hears of them from whoever is there, for those who made
/// them are gone for good, their data folders too.
/// </summary>
public sealed class UnheardTests
{
    private const string Acknowledged = "write: Through, ack: Postgres";

    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);

    [Theory]
    [InlineData("written", "new", "v")]
    [InlineData("removed", null, "v")]
    [InlineData("replaced", "new", null)]
    [InlineData("deleted", null, null)]
    [InlineData("deleted and written", "new", null)]
    public async Task BackWithTheOlderState_WriterGone_IsBroughtTheNewer(string how, string? item, string? kept)
    {
        await using var reader = New(node: 2);
        await LoseAsync(how);

        _redis.SetState(new(RemoteHealth.Healthy));
        await SettledAsync();

        Assert.Equal((item, kept), (await SharedHarness.StoredAsync(_redis, "s", "i"), await SharedHarness.StoredAsync(_redis, "s", "kept")));
        await using var fresh = New(node: 3);
        foreach (var pod in new[] { reader, fresh })
            Assert.Equal((item, kept), (await pod.ValueAsync("s", "i"), await pod.ValueAsync("s", "kept")));
    }

    [Fact]
    public async Task BackWithTheOlderState_CopyMadeOfIt_IsComparedOnceItIsBroughtTheNewer()
    {
        await using var reader = New(node: 2);
        await LoseAsync("written");
        _postgres.SetState(new(RemoteHealth.ReadOnly, "nobody is reminded yet"));
        _redis.SetState(new(RemoteHealth.Healthy));
        Assert.Equal("old", await reader.ValueAsync("s", "i")); // which Redis holds, and is asked first

        _postgres.SetState(new(RemoteHealth.Healthy));
        await SettledAsync();

        Assert.Equal("new", await reader.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task BackWithTheOlderState_NobodyWasThereMeanwhile_TheNextSidecarBringsIt()
    {
        await LoseAsync("deleted");
        _redis.SetState(new(RemoteHealth.Healthy));

        await using var next = New(node: 3);
        await SettledAsync();

        Assert.Null(await next.ValueAsync("s", "i"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GoingAway_WhatPostgresAloneHasHeardBefore_IsNotedToo(bool isRestarted)
    {
        var folder = Directory.CreateTempSubdirectory("tier-unheard-").FullName;
        await using (var before = New(node: 1)) await before.PutAsync("s", "i", "old");
        var gone = New("write: Behind, ack: Disk", node: 1, folder: folder);
        _redis.LosesChanges = true; // it is going away, and nobody knows it yet
        await gone.PutAsync("s", "i", "new");
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "i") == "new", () => "PostgreSQL is not told");
        Assert.Equal(0, _postgres.UnheardCount);

        if (isRestarted) await gone.DisposeAsync();
        _redis.SetState(new(RemoteHealth.Unavailable, "down"));
        if (isRestarted) gone = New("write: Behind, ack: Disk", node: 1, folder: folder);
        await Eventually.HoldsAsync(() => _postgres.UnheardCount == 1, () => "it is not noted");
        await gone.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        _redis.LosesChanges = false;
        _redis.SetState(new(RemoteHealth.Healthy));

        await using var reader = New(node: 2);
        await SettledAsync();
        Assert.Equal("new", await reader.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task GoingAway_WithPostgres_IsNotedWhenThatIsBack()
    {
        await using var pod = New("write: Behind, ack: Disk");
        _redis.LosesChanges = true;
        await pod.PutAsync("s", "i", "new");
        await Eventually.HoldsAsync(async () => await SharedHarness.StoredAsync(_postgres, "s", "i") == "new", () => "PostgreSQL is not told");
        _postgres.SetState(new(RemoteHealth.Unavailable, "down"));
        _redis.SetState(new(RemoteHealth.Unavailable, "down"));

        await Task.Delay(TimeSpan.FromMilliseconds(200));
        _postgres.SetState(new(RemoteHealth.Healthy));

        await Eventually.HoldsAsync(() => _postgres.UnheardCount == 1, () => "it is not noted");
        _redis.LosesChanges = false;
    }

    [Fact]
    public async Task Away_WhatPostgresRetires_IsNotedToo()
    {
        await using (var gone = New())
        {
            await gone.PutAsync("s", "i", "old");
            _redis.SetState(new(RemoteHealth.Unavailable, "down"));
            await Task.Delay(TimeSpan.FromMilliseconds(200)); // what stood in the outbox is noted by then
            _postgres.Retires.Add(SharedHarness.Key("s"));
            await gone.Engine.RunRetentionEverywhereAsync(dryRun: false, CancellationToken.None);
            await Eventually.HoldsAsync(() => _postgres.UnheardCount == 1, () => "it is not noted");
        }

        _redis.SetState(new(RemoteHealth.Healthy));
        await using var reader = New(node: 2);
        await SettledAsync();
        Assert.Null(await reader.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Away_RuleThatComparesWithWhatRedisHolds_IsNotNoted()
    {
        await using var pod = New("write: Behind, ack: Disk, onConflict: SourcePriority");
        _redis.SetState(new(RemoteHealth.Unavailable, "down"));

        await pod.PutAsync("s", "i", "v");
        await pod.DeleteAsync("t");
        await pod.Engine.Shared!.Of(TierSet.Postgres)!.FlushAsync(CancellationToken.None);
        await Task.Delay(TimeSpan.FromMilliseconds(200));

        Assert.Equal(0, _postgres.UnheardCount);
    }

    [Fact]
    public async Task Well_NothingIsNoted()
    {
        await using var pod = New();

        await pod.PutAsync("s", "i", "v");
        await pod.DeleteAsync("s");
        await pod.Engine.FlushAsync(CancellationToken.None);

        Assert.Equal((0, 0), (_postgres.UnheardCount, _postgres.NotesMade));
    }

    [Fact]
    public async Task Away_AccessesAlone_AreNotNoted()
    {
        await using var pod = New();
        await pod.PutAsync("s", "i", "v");
        await pod.Engine.FlushAsync(CancellationToken.None);
        _redis.SetState(new(RemoteHealth.Unavailable, "down"));

        var header = pod.Engine.Describe(SharedHarness.Key("s"))!.Header;
        foreach (var loop in pod.Engine.Shared!.Loops) _ = loop.Outbox.Note(new OwedNote(SharedHarness.Key("s"), ItemVersion.None, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()) { Header = header }, wait: false);
        await pod.Engine.Shared!.Of(TierSet.Postgres)!.FlushAsync(CancellationToken.None);
        await Task.Delay(TimeSpan.FromMilliseconds(200));

        Assert.Equal(0, _postgres.UnheardCount);
    }

    [Fact]
    public async Task NotedAnewWhileItIsBrought_StaysNoted()
    {
        await LoseAsync("written");
        _postgres.WhileAnswering = async () => await _postgres.NoteUnheardAsync([SharedHarness.Key("s")], CancellationToken.None);
        _redis.SetState(new(RemoteHealth.Healthy));

        await using var pod = New(node: 2);
        await SettledAsync();

        Assert.Equal(2, pod.Engine.Reminded);
    }

    [Fact]
    public async Task BroughtToARedisThatForgotMeanwhile_IsNotBelievedToHaveHeard()
    {
        await LoseAsync("written");
        var back = _redis.FailOverLater();
        await using var pod = New(node: 2);
        _redis.AfterApplying = () =>
        {
            back();
            return Task.CompletedTask;
        };
        _redis.SetState(new(RemoteHealth.Healthy));

        await Eventually.HoldsAsync(() => _redis.AfterApplying is null, () => "nothing is brought");
        await Eventually.HoldsAsync(() => pod.Engine.Reminded == 1, () => "nothing is brought");

        Assert.Equal(1, _postgres.UnheardCount);
    }

    private SharedHarness New(string rule = Acknowledged, uint node = 1, string? folder = null) => new(rule, _redis, _postgres, folder, node: node);

    /// <summary>Redis holds what was there before, PostgreSQL what a sidecar wrote that is no more.</summary>
    private async Task LoseAsync(string how)
    {
        await using (var before = New())
        {
            await before.PutAsync("s", "i", "old");
            await before.PutAsync("s", "kept", "v");
        }

        await using var gone = New();
        Assert.Equal("old", await gone.ValueAsync("s", "i")); // and so its clock is not behind
        _redis.SetState(new(RemoteHealth.Unavailable, "down"));
        await ChangeAsync(gone, how);
        Assert.Equal(1, _postgres.UnheardCount);
        Assert.Equal("old", await SharedHarness.StoredAsync(_redis, "s", "i"));
    }

    private static async Task ChangeAsync(SharedHarness pod, string how)
    {
        ItemWrite[] items = [new ItemWrite(SharedHarness.Key("i"), "text/plain", new ItemValue("new"u8.ToArray()))];
        var outcome = how switch
        {
            "written" => await pod.PutAsync("s", "i", "new"),
            "replaced" => await pod.Engine.ReplaceSessionAsync(SharedHarness.Key("s"), items, default, CancellationToken.None),
            _ => default,
        };
        if (how.StartsWith("deleted", StringComparison.Ordinal)) outcome = await pod.DeleteAsync("s");
        if (how == "deleted and written") outcome = await pod.PutAsync("s", "i", "new");
        if (how == "removed") outcome = await pod.Engine.UpdateSessionAsync(SharedHarness.Key("s"), [items[0] with { Item = SharedHarness.Key("other") }], [SharedHarness.Key("i")], default, CancellationToken.None);
        Assert.True(outcome.Acked.HasFlag(TierSet.Postgres), outcome.ToString());
    }

    private Task SettledAsync() => Eventually.HoldsAsync(() => _postgres.UnheardCount == 0, () => "Redis has yet to hear");
}
