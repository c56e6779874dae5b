using System.Diagnostics;
using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Reporting;
using TierOperator.TestKit.Redis;

namespace TierOperator.Benchmarks.Targets;

/// <summary>What requests wait while a frozen Redis is not yet known to be away, and afterwards.</summary>
internal sealed class SharedOutage : ITarget
{
    private static readonly byte[] s_value = new byte[256];

    public string Name => "shared-outage";
    public string Description => "what a write waits with Redis frozen: until the breaker opens, and after";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        var (before, after, healthy) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        for (var round = 0; round < (quick ? 3 : 10); round++)
        {
            await using var redis = await RedisServer.StartAsync();
            await using var engine = new SharedEngine("write: Through, ack: Redis", redis: redis);
            await engine.ReadyAsync(cancellation);
            for (var i = 0; i < 500; i++) await TimeAsync(engine, i, healthy);
            redis.Freeze();
            while (!engine.Engine.Status().Tiers[^1].IsBreakerOpen && engine.Engine.Status().Tiers[^1].State == "Healthy") await TimeAsync(engine, 1, before);
            for (var i = 0; i < 500; i++) await TimeAsync(engine, i, after);
            redis.Thaw();
        }

        return
        [
            new(Name, "p99 of a write with Redis well", healthy.Percentile(0.99).TotalMilliseconds, "ms"),
            new Measurement(Name, "longest wait until the tier is known to be away, timeout 50 ms", before.Max.TotalMilliseconds, "ms").AtMost((SharedEngine.Timeout + TimeSpan.FromMilliseconds(10)).TotalMilliseconds),
            new Measurement(Name, "p99 once it is known", after.Percentile(0.99).TotalMilliseconds, "ms").Under(healthy.Percentile(0.99).TotalMilliseconds + 1),
        ];
    }

    private static async Task TimeAsync(SharedEngine engine, int session, LatencyHistogram waits)
    {
        var started = Stopwatch.GetTimestamp();
        await engine.PutAsync(session, s_value);
        waits.RecordSince(started);
    }
}
