using TierOperator.TestKit.Engine;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>What a reload changes of shared tiers counts at once.</summary>
public sealed class ReloadTests
{
    [Theory]
    [InlineData("redis: {ttl: 1d, timeout: 80ms, external: {secretRef: {name: r}}}", "", 80, 30_000)]
    [InlineData("redis: {ttl: 1d, external: {secretRef: {name: r}}}", "sync: {timeout: 7s}\n", 30_000, 7_000)]
    [InlineData("redis: {ttl: 2d, external: {secretRef: {name: r}}}", "", 30_000, 30_000)]
    public async Task Apply_OfOtherTimes_ChangesThoseAlone(string redis, string sync, int call, int batch)
    {
        await using var pod = new SharedHarness("write: Through, ack: All");

        pod.Engine.Apply(EngineHarness.PolicyOf($"{SharedHarness.Local}\n  {redis}\n  postgres: {{retention: 9d, external: {{secretRef: {{name: p}}}}}}\n{sync}rules: [{{name: all, write: Through, ack: All}}]"));

        Assert.Equal((call, batch), (pod.RedisTimes.Call.TotalMilliseconds, pod.RedisTimes.Batch.TotalMilliseconds));
    }
}
