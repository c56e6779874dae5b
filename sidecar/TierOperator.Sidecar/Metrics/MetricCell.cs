namespace TierOperator.Sidecar.Metrics;

/// <summary>The value of one combination of labels. Thread-safe.</summary>
internal sealed class MetricCell(KeyValuePair<string, object?>[] labels, int buckets)
{
    private readonly Lock _lock = new();
    private readonly long[] _buckets = new long[buckets];
    private double _value;

    public IReadOnlyList<KeyValuePair<string, object?>> Labels => labels;

    public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> others)
    {
        if (others.Length != labels.Length) return false;
        for (var i = 0; i < others.Length; i++)
            if (!string.Equals(others[i].Key, labels[i].Key, StringComparison.Ordinal) || !Equals(others[i].Value, labels[i].Value)) return false;
        return true;
    }

    public void Set(double value)
    {
        lock (_lock) _value = value;
    }

    public void Add(double value)
    {
        lock (_lock) _value += value;
    }

    public void Observe(double value, double[] bounds)
    {
        var bucket = Array.BinarySearch(bounds, value);
        lock (_lock)
        {
            _buckets[bucket < 0 ? ~bucket : bucket]++;
            _value += value;
        }
    }

    /// <summary>The value, or a histogram's sum, and a copy of its buckets, at one moment.</summary>
    public (double Value, long[] Buckets) Read()
    {
        lock (_lock) return (_value, [.. _buckets]);
    }
}
