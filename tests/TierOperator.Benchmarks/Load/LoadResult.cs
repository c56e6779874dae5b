namespace TierOperator.Benchmarks.Load;

/// <summary>What a run, or one connection's part of it, has measured so far. One writer.</summary>
internal sealed class LoadResult
{
    public const string Miss = "miss";

    public LatencyHistogram Reads { get; } = new();
    public LatencyHistogram Writes { get; } = new();

    /// <summary>Reads by the tier that answered; <see cref="Miss"/> where none held the item.</summary>
    public SortedDictionary<string, LatencyHistogram> Sources { get; } = new(StringComparer.Ordinal);

    /// <summary>Answers that are neither success nor a miss, by status; 0 counts broken connections.</summary>
    public SortedDictionary<int, long> Errors { get; } = [];
    public TimeSpan Elapsed { get; set; }

    public long Operations => Reads.Count + Writes.Count;
    public double PerSecond => Elapsed > TimeSpan.Zero ? Operations / Elapsed.TotalSeconds : 0;

    public void CountError(int status) => Errors[status] = Errors.GetValueOrDefault(status) + 1;

    public void CountRead(in Reply reply, TimeSpan latency)
    {
        if (reply.Status is not (200 or 404))
        {
            CountError(reply.Status);
            return;
        }

        var source = reply.Status == 404 ? Miss : reply.Source.Length == 0 ? "unnamed" : reply.Source;
        Reads.Record(latency);
        if (!Sources.TryGetValue(source, out var histogram)) Sources[source] = histogram = new LatencyHistogram();
        histogram.Record(latency);
    }

    public void CountWrite(in Reply reply, TimeSpan latency)
    {
        if (reply.Status is >= 200 and < 300) Writes.Record(latency);
        else CountError(reply.Status);
    }

    public void Add(LoadResult other)
    {
        Reads.Add(other.Reads);
        Writes.Add(other.Writes);
        foreach (var (status, count) in other.Errors) Errors[status] = Errors.GetValueOrDefault(status) + count;
        foreach (var (source, histogram) in other.Sources)
        {
            if (!Sources.TryGetValue(source, out var mine)) Sources[source] = mine = new LatencyHistogram();
            mine.Add(histogram);
        }
    }
}
