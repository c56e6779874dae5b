using System.Text;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Engine;

/// <summary>Edits: read, decide and stage changes to several sessions, all or none.</summary>
public sealed class EditTests
{
    private const string Memory = "tiers: {memory: {capacity: 8Mi, ttl: 1h}}";
    private const string Both = "tiers: {memory: {capacity: 8Mi, ttl: 1h}, spillover: {capacity: 64Mi}}";

    [Fact]
    public async Task TryEdit_ReadsAndWritesSeveral_AllAtOnce()
    {
        await using var harness = new EngineHarness(Both);
        await harness.PutAsync("a", "i", "1");

        var done = Try(harness, ["a", "b"], scope =>
        {
            scope[0].TryGet("i"u8, out var value);
            scope[1].Put("i"u8, new ItemValue(value.ToArray()));
            scope[0].Clear();
        });

        Assert.True(done);
        Assert.Null(await harness.ValueAsync("a", "i"));
        Assert.Equal("1", await harness.ValueAsync("b", "i"));
    }

    [Fact]
    public async Task TryEdit_SeesWhatItHasStaged()
    {
        await using var harness = new EngineHarness(Memory, withDisk: false);
        var seen = new List<string>();

        Try(harness, ["a"], scope =>
        {
            scope[0].Put("x"u8, new ItemValue("1"u8.ToArray()));
            scope[0].Put("x"u8, new ItemValue("22"u8.ToArray()));
            scope[0].Put("y"u8, new ItemValue("3"u8.ToArray()));
            scope[0].Remove("y"u8);
            scope[0].ForEach((item, value) => seen.Add(Encoding.UTF8.GetString(item) + Encoding.UTF8.GetString(value)));
            seen.Add($"{scope[0].Count}");
        });

        Assert.Equal(["x22", "1"], seen);
        Assert.Equal("22", await harness.ValueAsync("a", "x"));
    }

    [Fact]
    public async Task Edit_OfAColdSession_TakesTheLongWay()
    {
        await using var harness = new EngineHarness(Both);
        await harness.PutAsync("a", "i", "1");
        await harness.Engine.EvictAsync(EngineHarness.Key("a"), CancellationToken.None);

        Assert.False(Try(harness, ["a"], scope => scope[0].Put("i"u8, new ItemValue("2"u8.ToArray()))));
        var outcome = await EditAsync(harness, ["a"], scope =>
        {
            Assert.True(scope[0].TryGet("i"u8, out var value));
            scope[0].Put("j"u8, new ItemValue((byte[])[.. value, (byte)'!']));
        });

        Assert.Equal(WriteStatus.Replaced, outcome.Status);
        Assert.Equal("1", await harness.ValueAsync("a", "i"));
        Assert.Equal("1!", await harness.ValueAsync("a", "j"));
    }

    [Fact]
    public async Task Edit_ThatHasNoRoom_ChangesNothing()
    {
        await using var harness = new EngineHarness(Memory, withDisk: false);
        await harness.PutAsync("a", "i", "1");

        var outcome = await EditAsync(harness, ["a", "b"], scope =>
        {
            scope[0].Clear();
            scope[1].Put("i"u8, ItemValue.From(new byte[16 << 20]));
        });

        Assert.Equal(WriteStatus.NoRoom, outcome.Status);
        Assert.Equal("1", await harness.ValueAsync("a", "i"));
        Assert.Null(await harness.ValueAsync("b", "i"));
    }

    [Fact]
    public async Task Deadline_SetAndTakenAway_EndsTheSessionOrDoesNot()
    {
        await using var harness = new EngineHarness(Memory, withDisk: false);
        await harness.PutAsync("a", "i", "1");
        await harness.PutAsync("b", "i", "1");
        Try(harness, ["a", "b"], scope =>
        {
            scope[0].SetDeadline(scope.NowMs + 1000);
            scope[1].SetDeadline(scope.NowMs + 1000);
        });
        Try(harness, ["b"], scope => scope[0].SetDeadline(null));

        harness.Time.SetUtcNow(harness.Time.GetUtcNow() + TimeSpan.FromSeconds(2));

        Assert.Null(await harness.ValueAsync("a", "i"));
        Assert.Equal("1", await harness.ValueAsync("b", "i"));
    }

    [Fact]
    public async Task Fingerprint_ChangesWithEveryChangeAndNoOther()
    {
        await using var harness = new EngineHarness(Memory, withDisk: false);
        var prints = new List<ulong> { Print(harness) };
        await harness.PutAsync("a", "i", "1");
        prints.Add(Print(harness));
        await harness.PutAsync("a", "i", "1");
        prints.Add(Print(harness));
        Try(harness, ["a"], scope => scope[0].SetDeadline(scope.NowMs + 5000));
        prints.Add(Print(harness));

        Assert.Equal(4, prints.Distinct().Count());
        Assert.Equal(prints[^1], Print(harness));
    }

    [Fact]
    public async Task PutString_OverAShorterAndAnotherKind_Replaces()
    {
        await using var harness = new EngineHarness(Memory, withDisk: false);

        Assert.True(TryPut(harness, "a", "1"u8));
        Assert.True(TryPut(harness, "a", "22"u8));
        Assert.True(TryPut(harness, "a", "33"u8));
        Assert.Equal("33", await harness.ValueAsync("a", "value"));
        await harness.PutAsync("h", "value", "1");
        Assert.False(TryPut(harness, "h", "1"u8));
    }

    private static bool TryPut(EngineHarness harness, string session, ReadOnlySpan<byte> value)
        => harness.Engine.TryPutString(Encoding.UTF8.GetBytes(session), "value"u8.ToArray(), value.ToArray(), mayCreate: true, out _);

    private static ulong Print(EngineHarness harness)
    {
        var print = 0UL;
        Try(harness, ["a"], scope => print = scope[0].Fingerprint(), isReadOnly: true);
        return print;
    }

    private static bool Try(EngineHarness harness, string[] keys, Action<EditScope> edit, bool isReadOnly = false)
    {
        var scope = ScopeOf(keys, isReadOnly);
        var done = harness.Engine.TryEdit(scope, new Lambda(edit), out _);
        scope.Begin(isReadOnly: true);
        return done;
    }

    private static async Task<EditOutcome> EditAsync(EngineHarness harness, string[] keys, Action<EditScope> edit)
    {
        var scope = ScopeOf(keys, isReadOnly: false);
        var outcome = await harness.Engine.EditAsync(scope, new Lambda(edit), CancellationToken.None);
        scope.Begin(isReadOnly: true);
        return await harness.Engine.AckAsync(outcome);
    }

    private static EditScope ScopeOf(string[] keys, bool isReadOnly)
    {
        var scope = new EditScope();
        scope.Begin(isReadOnly);
        foreach (var key in keys) scope.Add(EngineHarness.Key(key));
        return scope;
    }

    private sealed class Lambda(Action<EditScope> edit) : ISessionEdit
    {
        public void Run(EditScope scope) => edit(scope);
    }
}
