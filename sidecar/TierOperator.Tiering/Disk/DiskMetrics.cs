using System.Diagnostics.Metrics;

namespace TierOperator.Tiering.Disk;

/// <summary>The disk store's instruments; docs/disk.md lists them. Seconds and bytes; labels from closed sets.</summary>
public sealed class DiskMetrics
{
    public const string MeterName = "TierOperator.Tiering";

    private readonly Meter _meter;
    private readonly Histogram<double> _commit;
    private readonly Histogram<int> _batches;
    private readonly Counter<long> _failures;

    public DiskMetrics(Meter meter)
    {
        _meter = meter;
        _commit = meter.CreateHistogram<double>("tier.disk.commit.duration", "s", "One group commit: write and sync.");
        _batches = meter.CreateHistogram<int>("tier.disk.commit.batches", "{batch}", "Batches that shared one sync.");
        _failures = meter.CreateCounter<long>("tier.disk.commit.failures", "{commit}", "Group commits that the disk refused.");
    }

    internal void Committed(TimeSpan elapsed, int batches, bool failed)
    {
        _commit.Record(elapsed.TotalSeconds);
        _batches.Record(batches);
        _failures.Add(failed ? 1 : 0);
    }

    internal void Observe(DiskStore store)
    {
        Gauge("tier.disk.used", "By", "Bytes reserved in the data folder, compaction's scratch included.", () => store.UsedBytes);
        Gauge("tier.disk.capacity", "By", "What the data folder may hold.", () => store.Budget.CapacityBytes);
        Gauge("tier.disk.live", "By", "Bytes of records that something refers to.", () => store.LiveBytes);
        Gauge("tier.disk.pending", "By", "Bytes that wait for the disk.", () => store.PendingBytes);
        Gauge("tier.disk.index", "By", "Bytes of the index in memory.", () => store.IndexBytes);
        Gauge("tier.disk.sessions", "{session}", "Sessions on disk.", () => store.Sessions);
        Gauge("tier.disk.items", "{item}", "Items on disk.", () => store.Items);
        Gauge("tier.disk.unsettled", "{session}", "Sessions whose latest state could not be written.", () => store.UnsettledCount);
        Gauge("tier.disk.state", "{state}", "0 healthy, 1 full, 2 failing.", () => (long)store.State);
        Sum("tier.disk.bad_records", "{record}", "Damaged records met.", () => store.BadRecords);
        Sum("tier.disk.evictions", "{session}", "Sessions evicted from disk.", () => store.Evictions);
        Sum("tier.disk.expirations", "{session}", "Sessions swept from disk.", () => store.Expirations);
        Sum("tier.disk.compactions", "{run}", "Compaction runs.", () => store.Compactions);
        Sum("tier.disk.compacted", "By", "Bytes that compaction wrote.", () => store.CompactedBytes);
        _meter.CreateObservableGauge(
            "tier.disk.records",
            () => store.RecordsByKey().Select(pair => new Measurement<long>(pair.Value, new KeyValuePair<string, object?>("key", pair.Key))),
            "{record}", "Records by the key that they stand under.");
    }

    private void Gauge(string name, string unit, string description, Func<long> read)
        => _meter.CreateObservableGauge(name, read, unit, description);

    private void Sum(string name, string unit, string description, Func<long> read)
        => _meter.CreateObservableCounter(name, read, unit, description);
}
