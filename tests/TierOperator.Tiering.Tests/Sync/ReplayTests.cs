using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>The journal is read again from its beginning after a crash: what it says of copies on this disk deletes nothing in the tiers, and what they are owed is here.</summary>
public sealed class ReplayTests : IAsyncDisposable
{
    private const string Short = "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}\n  spillover: {capacity: 64Mi, ttl: 1h}";
    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);
    private readonly string _folder = Directory.CreateTempSubdirectory("tier-replay-").FullName;
    private readonly SkewedTime _time = new(TimeSpan.Zero);

    /// <summary>It was replaced, spilled and loaded again; then memory alone has it, and the crash takes that.</summary>
    [Fact]
    public async Task Crashed_AfterTheDisksCopyWasVoid_WhatTheTiersHaveStays()
    {
        const string rule = "write: Behind, ack: Memory";
        var overflow = SharedHarness.Local.Replace("{capacity: 64Mi", "{mode: Overflow, capacity: 64Mi", StringComparison.Ordinal);
        await using (var before = new SharedHarness(rule, _redis, _postgres, tiers: overflow))
        {
            await before.Engine.ReplaceSessionAsync(SharedHarness.Key("s"), [Item("a"), Item("b")], default, CancellationToken.None);
            await before.SettledAsync();
            await before.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
            Assert.Equal("v", await before.ValueAsync("s", "b"));
            await before.PutAsync("s", "a", "new");
            await before.SettledAsync();
            await CrashAsync(before);
        }

        await using var after = new SharedHarness(rule, _redis, _postgres, _folder, overflow, node: 2);
        await after.SettledAsync();

        Assert.Equal("v", await SharedHarness.StoredAsync(_redis, "s", "b"));
        Assert.Equal("v", await SharedHarness.StoredAsync(_postgres, "s", "b"));
        Assert.Equal("new", await after.ValueAsync("s", "a"));
    }

    [Fact]
    public async Task Crashed_AfterAWriteToWhatHadBeenHereLongEnough_WhatTheTiersHaveStays()
    {
        const string rule = "write: Through, ack: All";
        await using (var before = new SharedHarness(rule, _redis, _postgres, tiers: Short, time: _time))
        {
            await before.PutAsync("s", "a", "v");
            await before.PutAsync("s", "b", "v");
            await before.SettledAsync();
            await before.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
            _time.Advance(TimeSpan.FromHours(2));
            await before.PutAsync("s", "c", "w");
            await before.SettledAsync();
            await CrashAsync(before);
        }

        await using var after = new SharedHarness(rule, _redis, _postgres, _folder, Short, node: 2, time: _time);
        await after.SettledAsync();

        foreach (var tier in new[] { _redis, _postgres })
            foreach (var (item, value) in new[] { ("a", "v"), ("b", "v"), ("c", "w") })
                Assert.Equal(value, await SharedHarness.StoredAsync(tier, "s", item));
    }

    /// <summary>The tiers are away for longer than the session may stay on disk.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Back_AfterWhatIsOwedHasBeenHereLongEnough_TheyHearOfIt(bool isWrittenMeanwhile)
    {
        await using var pod = new SharedHarness("write: Behind, ack: Disk", _redis, _postgres, tiers: Short, time: _time);
        foreach (var tier in new[] { _redis, _postgres }) tier.SetState(new(RemoteHealth.ReadOnly, "the test says so"));
        await pod.PutAsync("s", "i", "v");
        await pod.Engine.EvictAsync(SharedHarness.Key("s"), CancellationToken.None);
        _time.Advance(TimeSpan.FromHours(2));
        await pod.Engine.Disk!.MaintainAsync();
        if (isWrittenMeanwhile) await pod.PutAsync("s", "j", "w");

        foreach (var tier in new[] { _redis, _postgres }) tier.SetState(new(RemoteHealth.Healthy));
        await pod.SettledAsync();

        Assert.Equal("v", await SharedHarness.StoredAsync(_redis, "s", "i"));
        Assert.Equal("v", await SharedHarness.StoredAsync(_postgres, "s", "i"));
        Assert.Equal(isWrittenMeanwhile ? "w" : null, await SharedHarness.StoredAsync(_postgres, "s", "j"));
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static Tiering.Engine.ItemWrite Item(string name) => new(SharedHarness.Key(name), "text/plain", new ItemValue("v"u8.ToArray()));

    /// <summary>What the disk has at this moment, without the marks: from where the journal is to be read they would say only a second later.</summary>
    private async Task CrashAsync(SharedHarness pod)
    {
        await pod.Engine.Disk!.FlushAsync(CancellationToken.None);
        foreach (var file in Directory.GetFiles(pod.Folder).Where(static file => Path.GetFileName(file) is not ("shadow.json" or "lock")))
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
    }
}
