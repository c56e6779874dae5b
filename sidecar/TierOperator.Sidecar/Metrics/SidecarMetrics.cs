using System.Diagnostics;
using System.Diagnostics.Metrics;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Metrics;

/// <summary>
/// The sidecar's own instruments. Labels come from closed sets (the call's name, the class of its status), and every
/// combination is there from the start.
/// </summary>
internal sealed class SidecarMetrics : IDisposable
{
    public const string MeterName = "TierOperator.Sidecar";
    private static readonly string[] Classes = ["2xx", "3xx", "4xx", "5xx"];
    private static readonly double[] DurationBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _duration;
    private readonly Dictionary<string, long[]> _calls = new(StringComparer.Ordinal);

    public SidecarMetrics(IEnumerable<ApiCall> calls, PolicyState policy, TimeProvider time)
    {
        foreach (var call in calls) _calls[call.Name] = new long[Classes.Length];
        _calls[Unmatched] = new long[Classes.Length];
        _meter.CreateObservableCounter("tier.http.requests", ReadCalls, "{request}", "Requests of the API by call and class of the answer.");
        _meter.CreateObservableCounter("tier.http.hits", () => HotReads.Total, "{request}", "Reads answered from memory on the short way; they are in tier_http_requests_total too.");
        _duration = _meter.CreateHistogram("tier.http.request.duration", "s", "Time to answer, hits on the short way left out.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _meter.CreateObservableCounter("tier.policy.offers", () => ReadOffers(policy), "{policy}", "Policies offered since the start, by what became of them.");
        _meter.CreateObservableGauge("tier.policy.refused", () => policy.Now.LastRefusal is null ? 0L : 1L, "{policy}", "1 while the policy file holds a policy that is refused.");
        var started = time.GetUtcNow();
        _meter.CreateObservableGauge("process.start.time", () => started.ToUnixTimeMilliseconds() / 1000.0, "s", "When the process started, in Unix time.");
        _meter.CreateObservableGauge("process.resident.memory", () => Environment.WorkingSet, "By", "Memory that the process holds.");
        _meter.CreateObservableCounter("process.cpu", ReadCpu, "s", "Processor time that the process used.");
        _meter.CreateObservableGauge("process.threads", () => (long)ThreadPool.ThreadCount, "{thread}", "Threads of the pool.");
        _meter.CreateObservableGauge("process.managed.heap", () => GC.GetTotalMemory(false), "By", "Managed memory in use.");
        _meter.CreateObservableCounter("process.gc.collections", ReadCollections, "{collection}", "Garbage collections by generation.");
    }

    private const string Unmatched = "unmatched";

    public HotReads HotReads { get; } = new();

    public void CountCall(ApiCall? call, int status, TimeSpan took)
    {
        var name = call?.Name ?? Unmatched;
        Interlocked.Increment(ref _calls[name][Math.Clamp((status / 100) - 2, 0, Classes.Length - 1)]);
        _duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("call", name));
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> ReadCalls()
    {
        foreach (var (name, counts) in _calls)
            for (var i = 0; i < counts.Length; i++)
                yield return new Measurement<long>(
                    Interlocked.Read(ref counts[i]) + (name == "readItem" ? HotReads.OfClass(i) : 0),
                    new("call", name), new("class", Classes[i]));
    }

    private static Measurement<long>[] ReadOffers(PolicyState policy) =>
    [
        new(policy.Accepted, new KeyValuePair<string, object?>("outcome", "accepted")),
        new(policy.Refused, new KeyValuePair<string, object?>("outcome", "refused")),
    ];

    private static IEnumerable<Measurement<long>> ReadCollections()
    {
        for (var generation = 0; generation <= 2; generation++)
            yield return new Measurement<long>(GC.CollectionCount(generation), new KeyValuePair<string, object?>("generation", generation.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static double ReadCpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }
}
