using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Engine;

public sealed class MirrorTests
{
    private const string TwoTiers = "tiers: {memory: {capacity: 4Mi, ttl: 1h}, spillover: {capacity: 64Mi, ttl: 7d}}";

    [Fact]
    public async Task Put_AckDisk_SaysSo()
    {
        await using var harness = new EngineHarness(TwoTiers);

        var outcome = await harness.PutAsync("s", "i", "one");

        Assert.Equal(TierSet.Memory | TierSet.Spillover, outcome.Acked);
        Assert.Equal(TierSet.None, outcome.Pending);
    }

    [Fact]
    public async Task Evict_ThenRead_ComesFromDiskAndIsPromoted()
    {
        await using var harness = new EngineHarness(TwoTiers);
        await harness.PutAsync("s", "i", "one");

        var evicted = await harness.Engine.EvictAsync(EngineHarness.Key("s"), CancellationToken.None);

        Assert.Equal(TierSet.Spillover, evicted.Tiers);
        Assert.Equal(("one", TierSet.Spillover), await harness.GetAsync("s", "i"));
        Assert.Equal(("one", TierSet.Memory), await harness.GetAsync("s", "i"));
    }

    [Fact]
    public async Task Read_PastMemoryResidency_StillOnDisk_PastDeadline_Gone()
    {
        await using var harness = new EngineHarness(TwoTiers);
        await harness.PutAsync("s", "i", "one");

        harness.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(("one", TierSet.Spillover), await harness.GetAsync("s", "i"));
        harness.Time.Advance(TimeSpan.FromDays(7));

        Assert.Null(await harness.GetAsync("s", "i"));
    }

    [Fact]
    public async Task Reopen_AfterWritesAndDeletes_TellsTheSame()
    {
        var folder = Directory.CreateTempSubdirectory("tier-reopen-").FullName;
        await using (var first = new EngineHarness(TwoTiers, folder))
        {
            await first.PutAsync("s", "kept", "1");
            await first.PutAsync("s", "gone", "2");
            await first.PutAsync("deleted", "i", "3");
            await first.Engine.DeleteItemAsync(EngineHarness.Key("s"), EngineHarness.Key("gone"), default, CancellationToken.None);
            await first.Engine.DeleteSessionAsync(EngineHarness.Key("deleted"), default, CancellationToken.None);
        }

        await using (var second = new EngineHarness(TwoTiers, folder))
        {
            Assert.Equal("1", await second.ValueAsync("s", "kept"));
            Assert.Null(await second.ValueAsync("s", "gone"));
            Assert.Null(await second.ValueAsync("deleted", "i"));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Put_ToColdSession_KeepsItsOtherItems()
    {
        await using var harness = new EngineHarness(TwoTiers + "\nrules: [{name: all, match: {sessions: ['*']}, promoteAfter: 100}]");
        await harness.PutAsync("s", "a", "1");
        await harness.Engine.EvictAsync(EngineHarness.Key("s"), CancellationToken.None);

        var outcome = await harness.PutAsync("s", "b", "2");

        Assert.Equal(WriteStatus.Created, outcome.Status);
        Assert.Equal(("1", TierSet.Spillover), await harness.GetAsync("s", "a"));
        Assert.Equal(("2", TierSet.Spillover), await harness.GetAsync("s", "b"));
        Assert.Equal(TierSet.Spillover, harness.Engine.Describe(EngineHarness.Key("s"))!.Tiers);
    }

    [Fact]
    public async Task Fill_ManyTimesMemory_EverythingReadable()
    {
        await using var harness = new EngineHarness(TwoTiers + "\nrules: [{name: all, match: {sessions: ['*']}, ack: Memory}]");
        for (var i = 0; i < 16_000; i++) await harness.PutAsync($"s{i}", "i", new byte[1000]);

        for (var i = 0; i < 16_000; i += 7) Assert.NotNull(await harness.GetAsync($"s{i}", "i"));
        var memory = harness.Engine.Status().Tiers[0];
        Assert.InRange(memory.UsedBytes, 1, memory.CapacityBytes);
    }

    [Fact]
    public async Task PutLargerThanMemory_GoesToDisk_AndIsRead()
    {
        await using var harness = new EngineHarness(TwoTiers);
        var value = new byte[5 << 20];
        new Random(7).NextBytes(value);

        var outcome = await harness.PutAsync("big", "i", value);
        var read = await harness.Engine.ReadAsync(EngineHarness.Key("big"), EngineHarness.Key("i"), CancellationToken.None);

        Assert.Equal(WriteStatus.Created, outcome.Status);
        Assert.Equal(TierSet.Spillover, read.Source);
        Assert.Equal(value, read.Value.ToArray());
        read.Value.Release();
    }

    [Fact]
    public async Task ManyReaders_OfAColdSession_LoadItOnce()
    {
        await using var harness = new EngineHarness(TwoTiers);
        await harness.PutAsync("s", "i", new byte[100_000]);
        await harness.Engine.EvictAsync(EngineHarness.Key("s"), CancellationToken.None);

        var reads = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () => await harness.GetAsync("s", "i"))));

        Assert.All(reads, read => Assert.True(read.HasValue));
        Assert.Equal(1, harness.Engine.Memory.SessionCount);
    }
}
