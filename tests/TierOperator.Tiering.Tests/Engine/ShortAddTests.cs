using System.Text;
using TierOperator.TestKit;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Engine;

/// <summary>The short way of a session that nobody has: it leaves what replacing would have left, or does nothing.</summary>
public sealed class ShortAddTests : IDisposable
{
    private const string Durable = "tiers: {memory: {capacity: 8Mi, ttl: 1h}, spillover: {capacity: 64Mi, mode: Mirror}}\nrules: [{name: all, match: {sessions: [\"*\"]}, ack: Disk}]";
    private const string MemoryOnly = "tiers: {memory: {capacity: 8Mi, ttl: 1h}}";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tier-adds-");
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Add_OfANewSession_IsThereAfterARestartUntilItEnds()
    {
        await using (var before = Open(Durable))
        {
            Assert.True(TryAdd(before, "a", "1", out var added));
            Assert.True(added.NeedsAck);
            Assert.Equal(WriteStatus.Replaced, (await before.Engine.AckAsync(added)).Status);
        }

        await using var after = Open(Durable);
        Assert.Equal("1", await after.ValueAsync("a", "item"));
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Null(await after.ValueAsync("a", "item"));
    }

    [Fact]
    public async Task Add_InMemory_EndsAtItsTimeHoweverOftenItIsRead()
    {
        await using var harness = Open(MemoryOnly);
        Assert.True(TryAdd(harness, "a", "1", out var added));
        Assert.False(added.NeedsAck);

        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("1", await harness.ValueAsync("a", "item"));
        _time.Advance(TimeSpan.FromSeconds(50));

        Assert.Null(await harness.ValueAsync("a", "item"));
    }

    [Fact]
    public async Task Add_OfASessionThatMemoryOrDiskHas_ChangesNothing()
    {
        await using (var before = Open(Durable))
        {
            Assert.True(TryAdd(before, "a", "1", out var added));
            await before.Engine.AckAsync(added);
            Assert.False(TryAdd(before, "a", "2", out _));
        }

        await using var after = Open(Durable);
        Assert.False(TryAdd(after, "a", "3", out _));

        Assert.Equal("1", await after.ValueAsync("a", "item"));
    }

    [Fact]
    public async Task Add_KeepsNothingOfTheCallersBytes()
    {
        await using var harness = Open(MemoryOnly);
        var bytes = "first"u8.ToArray();
        Assert.True(harness.Engine.TryAdd(EngineHarness.Key("a"), new ItemWrite("item"u8.ToArray(), "text/plain", new ItemValue(bytes)), TimeSpan.FromMinutes(1), out _));

        bytes.AsSpan().Fill((byte)'x');

        Assert.Equal("first", await harness.ValueAsync("a", "item"));
    }

    private EngineHarness Open(string spec) => new(spec, _folder.FullName, _time);

    private static bool TryAdd(EngineHarness harness, string session, string value, out EditOutcome outcome)
    {
        var item = new ItemWrite("item"u8.ToArray(), "text/plain", new ItemValue(Encoding.UTF8.GetBytes(value)));
        return harness.Engine.TryAdd(EngineHarness.Key(session), item, TimeSpan.FromMinutes(1), out outcome);
    }
}
