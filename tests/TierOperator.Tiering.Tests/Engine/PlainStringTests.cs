using System.Text;
using TierOperator.TestKit;
using TierOperator.TestKit.Disk;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Engine;

/// <summary>The short way of a plain string over a mirroring disk: what a restart finds is what the long way would have left.</summary>
public sealed class PlainStringTests : IDisposable
{
    private const string Durable = "tiers: {memory: {capacity: 8Mi, ttl: 1h}, spillover: {capacity: 64Mi, mode: Mirror}}\nrules: [{name: all, match: {sessions: [\"*\"]}, ack: Disk}]";
    private const string Overflow = "tiers: {memory: {capacity: 8Mi, ttl: 1h}, spillover: {capacity: 64Mi, mode: Overflow}}";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tier-strings-");
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task PutString_NewAndWrittenOver_IsThereAfterARestart()
    {
        await using (var before = Open(Durable))
        {
            Assert.True(TryPut(before, "a", "1", out var first));
            Assert.True(TryPut(before, "a", "2", out _));
            Assert.True(TryPut(before, "a", "longer", out var last));
            Assert.True(first.NeedsAck);
            Assert.Equal(WriteStatus.Replaced, (await before.Engine.AckAsync(last)).Status);
        }

        await using var after = Open(Durable);
        Assert.Equal("longer", await after.ValueAsync("a", "value"));
        Assert.Equal(1, KindOf(after, "a"));
    }

    [Fact]
    public async Task PutString_OverASessionWithADeadline_TakesItAwayOnDiskToo()
    {
        await using (var before = Open(Durable))
        {
            Assert.True(TryPut(before, "a", "1", out _));
            Edit(before, "a", scope => scope[0].SetDeadline(scope.NowMs + 60_000));
            Assert.True(TryPut(before, "a", "2", out var last));
            await before.Engine.AckAsync(last);
        }

        _time.Advance(TimeSpan.FromMinutes(2));
        await using var after = Open(Durable);
        Assert.Equal("2", await after.ValueAsync("a", "value"));
    }

    [Fact]
    public async Task PutString_OverAnotherContentType_IsBytesInMemoryAsOnDisk()
    {
        await using var harness = Open(Durable);
        Assert.True(TryPut(harness, "a", "1", out _));
        await harness.PutAsync("a", "value", "2");

        Assert.True(TryPut(harness, "a", "3", out _));

        var read = await harness.Engine.ReadAsync(EngineHarness.Key("a"), EngineHarness.Key("value"), CancellationToken.None);
        Assert.Equal("application/octet-stream", read.ContentType);
        read.Value.Release();
    }

    [Fact]
    public async Task PutString_OfASessionThatOnlyTheDiskHas_TakesTheLongWay()
    {
        await using (var before = Open(Durable)) Assert.True(TryPut(before, "a", "1", out _));
        await using var after = Open(Durable);

        Assert.False(TryPut(after, "a", "2", out _));
        Assert.Equal("1", await after.ValueAsync("a", "value"));
        Assert.True(TryPut(after, "a", "2", out _));
    }

    [Fact]
    public async Task PutString_UnderOverflow_TakesTheLongWay()
    {
        await using var harness = Open(Overflow);

        Assert.False(TryPut(harness, "a", "1", out _));
    }

    [Fact]
    public async Task PutString_OfADiskThatFails_ChangesNothing()
    {
        var disk = new FaultyDisk(PosixDisk.Instance) { Fault = DiskFault.InputOutput };
        await using var harness = new EngineHarness(Durable, _folder.FullName, _time, disk);
        Assert.True(TryPut(harness, "a", "1", out var first));
        await harness.Engine.AckAsync(first);
        (disk.FailCalls, disk.FailAtCall) = (100_000, disk.Calls + 1);
        Assert.True(TryPut(harness, "a", "2", out var lost));
        Assert.Equal(WriteStatus.Unavailable, (await harness.Engine.AckAsync(lost)).Status);

        Assert.False(TryPut(harness, "a", "3", out _));
        Assert.False(TryPut(harness, "b", "3", out _));

        Assert.Null(await harness.ValueAsync("b", "value"));
    }

    private EngineHarness Open(string spec) => new(spec, _folder.FullName, _time);

    private static bool TryPut(EngineHarness harness, string session, string value, out EditOutcome outcome)
        => harness.Engine.TryPutString(EngineHarness.Key(session), "value"u8.ToArray(), Encoding.UTF8.GetBytes(value), mayCreate: true, out outcome);

    private static int KindOf(EngineHarness harness, string session)
    {
        var kind = -1;
        Edit(harness, session, scope => kind = scope[0].Kind);
        return kind;
    }

    private static void Edit(EngineHarness harness, string session, Action<EditScope> run)
    {
        var scope = new EditScope();
        scope.Begin(isReadOnly: false);
        scope.Add(EngineHarness.Key(session));
        Assert.True(harness.Engine.TryEdit(scope, new Running(run), out _));
    }

    private sealed class Running(Action<EditScope> run) : ISessionEdit
    {
        public void Run(EditScope scope) => run(scope);
    }
}
