using System.Diagnostics.Metrics;

namespace TierOperator.Sidecar.Metrics;

internal enum FamilyKind { Counter, Gauge, Histogram }

/// <summary>One instrument as Prometheus shows it: a name, and a cell per combination of labels, up to a bound.</summary>
/// <remarks>Thread-safe: recording finds its cell in an array that only ever grows by replacement.</remarks>
internal sealed class MetricFamily
{
    /// <summary>More combinations than any closed set has; what is beyond is left out rather than growing without end.</summary>
    private const int MaxCells = 4096;

    private static readonly double[] DefaultBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private readonly Lock _growing = new();
    private volatile MetricCell[] _cells = [];
    private int _found;

    public MetricFamily(Instrument instrument)
    {
        Kind = KindOf(instrument.GetType());
        Name = PrometheusName.Of(instrument.Name, instrument.Unit, Kind);
        Help = instrument.Description ?? "";
        IsObservable = instrument.IsObservable;
        if (Kind == FamilyKind.Histogram)
            Bounds = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray()
                ?? (instrument as Histogram<long>)?.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray()
                ?? DefaultBounds;
    }

    public string Name { get; }
    public string Help { get; }
    public FamilyKind Kind { get; }
    public bool IsObservable { get; }
    public double[] Bounds { get; } = [];
    public IReadOnlyList<MetricCell> Cells => _cells;

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        if (Find(labels) is not { } cell) return;
        if (Kind == FamilyKind.Histogram) cell.Observe(value, Bounds);
        else if (IsObservable) cell.Set(value);
        else cell.Add(value);
    }

    private MetricCell? Find(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        // What is read as a whole comes in the same order each time: the cell after the last one is most often the one.
        var (cells, next) = (_cells, Volatile.Read(ref _found) + 1);
        for (var i = 0; i < cells.Length; i++)
        {
            var at = (next + i) % cells.Length;
            if (!cells[at].Has(labels)) continue;
            Volatile.Write(ref _found, at);
            return cells[at];
        }

        lock (_growing)
        {
            foreach (var cell in _cells)
                if (cell.Has(labels)) return cell;
            if (_cells.Length == MaxCells) return null;
            var added = new MetricCell(labels.ToArray(), Bounds.Length + 1);
            _cells = [.. _cells, added];
            return added;
        }
    }

    private static FamilyKind KindOf(Type type)
    {
        var definition = type.GetGenericTypeDefinition();
        if (definition == typeof(Counter<>) || definition == typeof(ObservableCounter<>)) return FamilyKind.Counter;
        return definition == typeof(Histogram<>) ? FamilyKind.Histogram : FamilyKind.Gauge;
    }
}
