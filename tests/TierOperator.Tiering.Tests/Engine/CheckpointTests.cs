using System.Text;
using TierOperator.TestKit.Disk;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Engine;

public sealed class CheckpointTests
{
    private const string TwoTiers = "tiers: {memory: {capacity: 4Mi, ttl: 1h}, spillover: {capacity: 64Mi, ttl: 7d, mode: MODE}}";

    [Theory]
    [InlineData("Mirror")]
    [InlineData("Overflow")]
    public async Task Restore_AfterChangesAndDeletes_BringsTheCopyBack(string mode)
    {
        await using var harness = new EngineHarness(TwoTiers.Replace("MODE", mode, StringComparison.Ordinal));
        await harness.PutAsync("resident", "i", "1");
        await harness.PutAsync("cold", "i", "2");
        await harness.PutAsync("large", "i", new string('x', 200_000));
        await harness.Engine.EvictAsync(EngineHarness.Key("cold"), CancellationToken.None);

        var checkpoint = await harness.Engine.CreateCheckpointAsync(CancellationToken.None);
        await harness.PutAsync("resident", "i", "changed");
        await harness.Engine.DeleteSessionAsync(EngineHarness.Key("cold"), default, CancellationToken.None);
        await harness.Engine.DeleteSessionAsync(EngineHarness.Key("large"), default, CancellationToken.None);
        await harness.PutAsync("later", "i", "kept");
        var outcome = await harness.Engine.RestoreCheckpointAsync(checkpoint.Id, CancellationToken.None);

        Assert.Equal(3, checkpoint.Sessions);
        Assert.Equal((3, 0, 0), (outcome.Restored, outcome.Expired, outcome.Failed));
        Assert.Equal("1", await harness.ValueAsync("resident", "i"));
        Assert.Equal("2", await harness.ValueAsync("cold", "i"));
        Assert.Equal(200_000, (await harness.ValueAsync("large", "i"))!.Length);
        Assert.Equal("kept", await harness.ValueAsync("later", "i"));
        Assert.Equal(checkpoint.Id, Assert.Single(harness.Engine.ListCheckpoints()).Id);
    }

    [Fact]
    public async Task List_ColdAndResident_EachOnce()
    {
        await using var harness = new EngineHarness(TwoTiers.Replace("MODE", "Mirror", StringComparison.Ordinal));
        for (var i = 0; i < 50; i++) await harness.PutAsync($"s{i}", "i", "1");
        for (var i = 0; i < 50; i += 2) await harness.Engine.EvictAsync(EngineHarness.Key($"s{i}"), CancellationToken.None);

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await harness.Engine.ListHereAsync("s"u8.ToArray(), default, 7, cursor, CancellationToken.None);
            Assert.InRange(page.Sessions.Count, 0, 7);
            names.AddRange(page.Sessions.Select(session => Encoding.UTF8.GetString(session.Key)));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(50, names.Count);
        Assert.Equal(50, names.Distinct().Count());
    }

    [Fact]
    public async Task ListAndErase_WriteOnItsWayToTheDiskAlone_MeetIt()
    {
        var disk = new FaultyDisk(PosixDisk.Instance);
        await using var harness = new EngineHarness(TwoTiers.Replace("MODE", "Mirror", StringComparison.Ordinal) + "\nrules: [{name: cold, match: {sessions: [\"*\"]}, tiers: [spillover], ack: Disk}]", disk: disk);
        disk.SyncDelay = TimeSpan.FromMilliseconds(300);

        var put = harness.PutAsync("s1", "i", "1", new Tiering.Engine.WriteOptions { Subject = "ann" }).AsTask();
        var page = await harness.Engine.ListHereAsync([], default, 7, null, CancellationToken.None);
        await put;
        var second = harness.PutAsync("s2", "i", "1", new Tiering.Engine.WriteOptions { Subject = "ann" }).AsTask();
        var erased = await harness.Engine.EraseSubjectAsync("ann", CancellationToken.None);
        await second;

        Assert.Equal("s1", Encoding.UTF8.GetString(Assert.Single(page.Sessions).Key));
        Assert.Equal(2, erased);
    }

    [Fact]
    public async Task EraseSubject_ColdAndResident_AllGone()
    {
        await using var harness = new EngineHarness(TwoTiers.Replace("MODE", "Mirror", StringComparison.Ordinal));
        await harness.PutAsync("a", "i", "1", new Tiering.Engine.WriteOptions { Subject = "ann" });
        await harness.PutAsync("b", "i", "1", new Tiering.Engine.WriteOptions { Subject = "ann" });
        await harness.PutAsync("c", "i", "1", new Tiering.Engine.WriteOptions { Subject = "bob" });
        await harness.Engine.EvictAsync(EngineHarness.Key("b"), CancellationToken.None);

        Assert.Equal(2, harness.Engine.ExportSubject("ann").Count());
        Assert.Equal(2, await harness.Engine.EraseSubjectAsync("ann", CancellationToken.None));

        Assert.Null(await harness.ValueAsync("a", "i"));
        Assert.Null(await harness.ValueAsync("b", "i"));
        Assert.Equal("1", await harness.ValueAsync("c", "i"));
    }
}
