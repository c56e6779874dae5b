using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Engine;

public sealed class MemoryOnlyTests
{
    private const string OneTier = "tiers: {memory: {capacity: 4Mi, ttl: 1h}}";

    [Fact]
    public async Task Put_NewItem_IsCreatedAndRead()
    {
        await using var harness = new EngineHarness(OneTier);

        var created = await harness.PutAsync("s", "i", "one");
        var replaced = await harness.PutAsync("s", "i", "two");

        Assert.Equal(WriteStatus.Created, created.Status);
        Assert.Equal(WriteStatus.Replaced, replaced.Status);
        Assert.True(replaced.Version > created.Version);
        Assert.Equal(("two", TierSet.Memory), await harness.GetAsync("s", "i"));
    }

    [Fact]
    public async Task Read_AfterDeadline_IsGone()
    {
        await using var harness = new EngineHarness(OneTier);
        await harness.PutAsync("s", "i", "one");

        harness.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("one", await harness.ValueAsync("s", "i")); // slides
        harness.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("one", await harness.ValueAsync("s", "i"));
        harness.Time.Advance(TimeSpan.FromMinutes(60));

        Assert.Null(await harness.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Read_ExplicitTtl_DoesNotSlide()
    {
        await using var harness = new EngineHarness(OneTier);
        await harness.PutAsync("s", "i", "one", new WriteOptions { Ttl = TimeSpan.FromSeconds(90) });

        harness.Time.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal("one", await harness.ValueAsync("s", "i"));
        harness.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Null(await harness.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Put_Preconditions_AreDecidedOnThePresentVersion()
    {
        await using var harness = new EngineHarness(OneTier);
        var first = await harness.PutAsync("s", "i", "one", new WriteOptions { Condition = new Precondition { MustNotExist = true } });

        var again = await harness.PutAsync("s", "i", "two", new WriteOptions { Condition = new Precondition { MustNotExist = true } });
        var matching = await harness.PutAsync("s", "i", "three", new WriteOptions { Condition = new Precondition { AnyOf = [first.Version] } });
        var outdated = await harness.PutAsync("s", "i", "four", new WriteOptions { Condition = new Precondition { AnyOf = [first.Version] } });

        Assert.Equal(
            [WriteStatus.Created, WriteStatus.PreconditionFailed, WriteStatus.Replaced, WriteStatus.PreconditionFailed],
            [first.Status, again.Status, matching.Status, outdated.Status]);
        Assert.Equal("three", await harness.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task Memory_FilledManyTimesOver_NeverPassesCapacity()
    {
        await using var harness = new EngineHarness(OneTier);
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var outcome = await harness.PutAsync($"s{i}", "i", new byte[random.Next(0, 4000)]);
            Assert.True(outcome.Status == WriteStatus.Created, $"{i} {outcome} {harness.Engine.Memory.Budget.UsedBytes} {harness.Engine.Memory.Queue.OverheadBytes} {harness.Engine.Memory.SessionCount}");
            var memory = harness.Engine.Status().Tiers[0];
            Assert.InRange(memory.UsedBytes, 0, memory.CapacityBytes);
        }
    }

    [Fact]
    public async Task Put_LargerThanMemory_IsRefusedAndNothingChanges()
    {
        await using var harness = new EngineHarness(OneTier);
        await harness.PutAsync("s", "i", "one");

        var outcome = await harness.PutAsync("s", "i", new byte[8 << 20]);

        Assert.Equal(WriteStatus.NoRoom, outcome.Status);
        Assert.Equal("one", await harness.ValueAsync("s", "i"));
    }

    [Fact]
    public async Task MaxItemsPerSession_OneMore_IsUnprocessable()
    {
        await using var harness = new EngineHarness("tiers: {memory: {capacity: 4Mi, ttl: 1h, maxItemsPerSession: 2}}");
        await harness.PutAsync("s", "a", "1");
        await harness.PutAsync("s", "b", "1");

        Assert.Equal(WriteStatus.Unprocessable, (await harness.PutAsync("s", "c", "1")).Status);
        Assert.Equal(WriteStatus.Replaced, (await harness.PutAsync("s", "b", "2")).Status);
    }

    [Fact]
    public async Task TryReadMemory_Hit_AllocatesNothing()
    {
        await using var harness = new EngineHarness(OneTier);
        await harness.PutAsync("s", "i", new byte[1024]);
        byte[] session = "s"u8.ToArray(), item = "i"u8.ToArray(), buffer = new byte[65536];
        for (var i = 0; i < 1000; i++) harness.Engine.TryReadMemory(session, item, buffer, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var hits = 0;
        for (var i = 0; i < 1000; i++)
            if (harness.Engine.TryReadMemory(session, item, buffer, out _)) hits++;

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1000, hits);
    }

    [Fact]
    public async Task ReplaceAndMerge_Session_AreWhole()
    {
        await using var harness = new EngineHarness(OneTier);
        await harness.PutAsync("s", "old", "1");

        await harness.Engine.ReplaceSessionAsync(
            EngineHarness.Key("s"), [Item("a", "1"), Item("b", "2")], default, CancellationToken.None);
        await harness.Engine.MergeSessionAsync(
            EngineHarness.Key("s"), session => new SessionChange([Item("c", $"{session!.Items.Count}")], [EngineHarness.Key("a")]), default, CancellationToken.None);
        var read = await harness.Engine.ReadSessionAsync(EngineHarness.Key("s"), CancellationToken.None);

        Assert.Equal(["b=2", "c=2"], read.Session!.Items.Select(item => $"{Encoding.UTF8.GetString(item.Key)}={Encoding.UTF8.GetString(item.Value.ToArray())}").Order());
    }

    [Fact]
    public async Task AtomicBatch_OnePreconditionFails_WritesNothing()
    {
        await using var harness = new EngineHarness(OneTier);
        await harness.PutAsync("s2", "i", "there");
        var operations = new[] { Put("s1", "i", "1"), Put("s2", "i", "2", new Precondition { MustNotExist = true }) };

        var outcomes = await harness.Engine.BatchAsync(operations, atomic: true, CancellationToken.None);

        Assert.All(outcomes, outcome => Assert.Equal(WriteStatus.PreconditionFailed, outcome.Write!.Value.Status));
        Assert.Null(await harness.ValueAsync("s1", "i"));
        Assert.Equal("there", await harness.ValueAsync("s2", "i"));
    }

    [Fact]
    public async Task AtomicBatch_SeveralSessions_AllHappen()
    {
        await using var harness = new EngineHarness(OneTier);

        var outcomes = await harness.Engine.BatchAsync([Put("s1", "i", "1"), Put("s2", "i", "2"), Put("s1", "j", "3")], atomic: true, CancellationToken.None);

        Assert.All(outcomes, outcome => Assert.Equal(WriteStatus.Created, outcome.Write!.Value.Status));
        Assert.Equal("1", await harness.ValueAsync("s1", "i"));
        Assert.Equal("2", await harness.ValueAsync("s2", "i"));
        Assert.Equal("3", await harness.ValueAsync("s1", "j"));
    }

    private static ItemWrite Item(string name, string value)
        => new(EngineHarness.Key(name), "text/plain", Values.ItemValue.From(Encoding.UTF8.GetBytes(value)));

    private static BatchOperation Put(string session, string item, string value, Precondition condition = default)
        => new(BatchKind.Put, Encoding.UTF8.GetBytes(session), Encoding.UTF8.GetBytes(item))
        {
            Value = Values.ItemValue.From(Encoding.UTF8.GetBytes(value)),
            Options = new WriteOptions { Condition = condition },
        };
}
