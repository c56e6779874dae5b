namespace TierOperator.Kubernetes.Events;

/// <summary>Where an Event stands in its series.</summary>
/// <param name="Name">The name of the Event object of the series.</param>
/// <param name="Count">1 for the first one.</param>
/// <param name="IsDue">Whether the count is worth a write now.</param>
internal readonly record struct SeriesPlace(string Name, int Count, bool IsDue);

/// <summary>
/// Remembers which Events repeat: the same object, reason and message within a while are one series. Bounded: past its
/// limit the oldest series is forgotten, and begins anew if it goes on. One owner.
/// </summary>
internal sealed class EventSeries(TimeProvider time)
{
    private const int MostSeries = 4096;
    private static readonly TimeSpan End = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan WriteEvery = TimeSpan.FromMinutes(1);
    private readonly Dictionary<(string Uid, string Reason, string Message), Series> _series = [];
    private readonly Queue<(string Uid, string Reason, string Message)> _order = new();

    public SeriesPlace Place(KubeEvent happened)
    {
        var id = (happened.Regarding.Uid, happened.Reason, happened.Message);
        if (!_series.TryGetValue(id, out var series) || time.GetElapsedTime(series.LastAt) > End) series = Begin(id, happened);
        series.Count++;
        series.LastAt = time.GetTimestamp();
        var isDue = series.Count == 1 || time.GetElapsedTime(series.WrittenAt) >= WriteEvery;
        if (isDue) series.WrittenAt = series.LastAt;
        return new SeriesPlace(series.Name, series.Count, isDue);
    }

    private Series Begin((string, string, string) id, KubeEvent happened)
    {
        if (!_series.ContainsKey(id)) _order.Enqueue(id);
        if (_order.Count > MostSeries) _series.Remove(_order.Dequeue());
        var name = $"{happened.Regarding.Name[..Math.Min(happened.Regarding.Name.Length, 200)]}.{Guid.NewGuid():n}";
        return _series[id] = new Series { Name = name, WrittenAt = time.GetTimestamp() };
    }

    private sealed class Series
    {
        public required string Name { get; init; }
        public int Count { get; set; }
        public long LastAt { get; set; }
        public long WrittenAt { get; set; }
    }
}
