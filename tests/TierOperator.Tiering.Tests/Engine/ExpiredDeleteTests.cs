using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Engine;

/// <summary>
/// A session past its end stays on disk until it is swept. Deleting it answers that there was none; it must be deleted all
/// the same, or a clock that is set back would show it again.
/// </summary>
public sealed class ExpiredDeleteTests
{
    private static readonly TimeSpan s_past = TimeSpan.FromHours(3);

    public static TheoryData<string, bool> Places => new()
    {
        { "Mirror", false }, { "Mirror", true }, { "Overflow", true },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public async Task DeleteSession_PastItsEnd_StaysDeletedWhenTheClockGoesBack(string mode, bool isCold)
        => await CheckAsync(mode, isCold, async engine =>
            Assert.Equal(WriteStatus.NotFound, (await engine.DeleteSessionAsync(EngineHarness.Key("s"), default, CancellationToken.None)).Status));

    [Theory]
    [MemberData(nameof(Places))]
    public async Task DeleteItem_PastItsEnd_StaysDeletedWhenTheClockGoesBack(string mode, bool isCold)
        => await CheckAsync(mode, isCold, async engine =>
            Assert.Equal(WriteStatus.NotFound, (await engine.DeleteItemAsync(EngineHarness.Key("s"), EngineHarness.Key("i"), default, CancellationToken.None)).Status));

    [Theory]
    [MemberData(nameof(Places))]
    public async Task AtomicBatch_DeletingPastItsEnd_StaysDeletedWhenTheClockGoesBack(string mode, bool isCold)
        => await CheckAsync(mode, isCold, async engine =>
        {
            var delete = new BatchOperation(BatchKind.Delete, EngineHarness.Key("s").ToArray(), EngineHarness.Key("i").ToArray());
            var outcome = Assert.Single(await engine.BatchAsync([delete], atomic: true, CancellationToken.None));
            Assert.Equal(WriteStatus.NotFound, outcome.Write!.Value.Status);
        });

    [Theory]
    [MemberData(nameof(Places))]
    public async Task EraseSubject_PastItsEnd_StaysErasedWhenTheClockGoesBack(string mode, bool isCold)
        => await CheckAsync(mode, isCold, async engine => await engine.EraseSubjectAsync("ada", CancellationToken.None));

    [Fact]
    public async Task Nothing_PastItsEnd_IsThereAgainWhenTheClockGoesBack()
    {
        await using var harness = await OverAsync("Mirror", isCold: true);

        harness.Time.SetUtcNow(harness.Time.GetUtcNow() - s_past);

        Assert.Equal("kept", await harness.ValueAsync("s", "i"));
    }

    private static async Task CheckAsync(string mode, bool isCold, Func<TierEngine, Task> delete)
    {
        await using var harness = await OverAsync(mode, isCold);

        await delete(harness.Engine);

        harness.Time.SetUtcNow(harness.Time.GetUtcNow() - s_past);
        Assert.Null(await harness.ValueAsync("s", "i"));
    }

    /// <summary>A session that has ended, and lies on disk still.</summary>
    private static async Task<EngineHarness> OverAsync(string mode, bool isCold)
    {
        var harness = new EngineHarness($"tiers: {{memory: {{capacity: 4Mi, ttl: 1h}}, spillover: {{capacity: 64Mi, ttl: 2h, mode: {mode}}}}}");
        await harness.PutAsync("s", "i", "kept", new WriteOptions { Subject = "ada" });
        if (isCold) await harness.Engine.EvictAsync(EngineHarness.Key("s"), CancellationToken.None);
        harness.Time.SetUtcNow(harness.Time.GetUtcNow() + s_past);
        return harness;
    }
}
