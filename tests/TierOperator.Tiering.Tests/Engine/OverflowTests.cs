using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Engine;

namespace TierOperator.Tiering.Tests.Engine;

public sealed class OverflowTests
{
    private const string Overflow = "tiers: {memory: {capacity: 4Mi, ttl: 1h}, spillover: {capacity: 64Mi, ttl: 7d, mode: Overflow}}";

    [Fact]
    public async Task Put_FewSessions_LeavesTheDiskEmpty()
    {
        await using var harness = new EngineHarness(Overflow);

        await harness.PutAsync("s", "i", "one");

        Assert.Equal(TierSet.Memory, harness.Engine.Describe(EngineHarness.Key("s"))!.Tiers);
        Assert.Equal(0, harness.Engine.Status().Tiers[1].Sessions);
    }

    [Fact]
    public async Task Fill_ManyTimesMemory_EverythingReadable()
    {
        await using var harness = new EngineHarness(Overflow);
        for (var i = 0; i < 16_000; i++) Assert.True((await harness.PutAsync($"s{i}", "i", $"value {i} {new string('x', 900)}")).Succeeded);

        for (var i = 0; i < 16_000; i += 7) Assert.StartsWith($"value {i} ", await harness.ValueAsync($"s{i}", "i"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_AfterLoad_VoidsTheDisksCopy()
    {
        await using var harness = new EngineHarness(Overflow);
        await harness.PutAsync("s", "i", "old");
        await harness.Engine.EvictAsync(EngineHarness.Key("s"), CancellationToken.None);
        await harness.Engine.LoadAsync(EngineHarness.Key("s"), CancellationToken.None);

        await harness.PutAsync("s", "i", "new");

        Assert.Equal(TierSet.Memory, harness.Engine.Describe(EngineHarness.Key("s"))!.Tiers);
        await harness.Engine.EvictAsync(EngineHarness.Key("s"), CancellationToken.None);
        Assert.Equal(("new", TierSet.Spillover), await harness.GetAsync("s", "i"));
    }
}
