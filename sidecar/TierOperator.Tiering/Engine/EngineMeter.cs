using System.Diagnostics.Metrics;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// The engine's instruments, under the meter <c>TierOperator.Tiering</c>. All but the histogram are read when somebody
/// collects, so that a hit costs nothing. Labels come from closed sets; every outcome starts at zero. The list stands in
/// docs/metrics.md.
/// </summary>
internal sealed class EngineMeter : IDisposable
{
    public const string Name = "TierOperator.Tiering";

    private readonly Meter _meter;
    private readonly Histogram<double> _loadDuration;
    private readonly Histogram<double> _spillDuration;

    public EngineMeter(TierEngine engine, Meter meter)
    {
        _meter = meter;
        _loadDuration = _meter.CreateHistogram<double>("tier.load.duration", "s", "Time to bring a session from disk to memory.");
        _spillDuration = _meter.CreateHistogram<double>("tier.spill.duration", "s", "Time to send a round of sessions from memory to disk.");
        _meter.CreateObservableCounter("tier.reads", () => Reads(engine), "{read}", "Reads by the tier that answered.");
        AccessMeter.AddTo(_meter, engine);
        _meter.CreateObservableCounter("tier.writes", () => engine.Counters.Writes, "{write}", "Writes taken.");
        _meter.CreateObservableCounter("tier.deletes", () => engine.Counters.Deletes, "{delete}", "Sessions deleted by callers.");
        _meter.CreateObservableCounter("tier.evictions", () => Evictions(engine), "{session}", "Sessions that memory gave up under pressure.");
        _meter.CreateObservableCounter("tier.expirations", () => engine.Counters.Expirations, "{session}", "Sessions whose time in memory was over.");
        _meter.CreateObservableCounter("tier.loads.refused", () => engine.Counters.LoadsRefused, "{session}", "Promotions for which memory had no room.");
        _meter.CreateObservableCounter("tier.background.failures", () => engine.Counters.BackgroundFailures, "{failure}", "Background rounds that ended by an unexpected error.");
        _meter.CreateObservableGauge("tier.memory.used", () => engine.Memory.Budget.UsedBytes, "By", "Bytes accounted to memory, tables included.");
        _meter.CreateObservableGauge("tier.memory.capacity", () => engine.Memory.Budget.CapacityBytes, "By", "Bytes that memory may use.");
        _meter.CreateObservableGauge("tier.memory.sessions", () => engine.Memory.SessionCount, "{session}", "Sessions in memory.");
        _meter.CreateObservableGauge("tier.memory.items", () => engine.Memory.ItemCount, "{item}", "Items in memory.");
        SharedMeter.AddTo(_meter, engine);
        _meter.CreateObservableGauge("tier.inflight", () => engine.InFlightUsedBytes, "By", "Bytes of bodies on their way in or out.");
    }

    public void Loaded(TimeSpan elapsed) => _loadDuration.Record(elapsed.TotalSeconds);

    public void Spilled(TimeSpan elapsed) => _spillDuration.Record(elapsed.TotalSeconds);

    public void Dispose() => _meter.Dispose();

    private static Measurement<long>[] Reads(TierEngine engine) =>
    [
        new(engine.Memory.Hits, new KeyValuePair<string, object?>("tier", "memory")),
        new(engine.Counters.DiskHits, new KeyValuePair<string, object?>("tier", "spillover")),
        new(engine.Counters.RedisHits, new KeyValuePair<string, object?>("tier", "redis")),
        new(engine.Counters.PostgresHits, new KeyValuePair<string, object?>("tier", "postgres")),
        new(engine.Memory.Misses, new KeyValuePair<string, object?>("tier", "none")),
    ];

    private static Measurement<long>[] Evictions(TierEngine engine) =>
    [
        new(engine.Counters.Evictions - engine.Counters.EvictionsUnsaved, new KeyValuePair<string, object?>("outcome", "kept_below")),
        new(engine.Counters.EvictionsUnsaved, new KeyValuePair<string, object?>("outcome", "lost")),
    ];
}
