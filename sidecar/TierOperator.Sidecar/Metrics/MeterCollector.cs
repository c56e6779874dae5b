using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace TierOperator.Sidecar.Metrics;

/// <summary>
/// Listens to the meters of this program and keeps what /metrics shows. A listener rather than OpenTelemetry's metrics
/// SDK: the same instruments and names, without its start-up time and reserved memory in every pod.
/// </summary>
internal sealed class MeterCollector : IDisposable
{
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();

    public MeterCollector(params string[] meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Array.IndexOf(meters, instrument.Meter.Name) < 0) return;
            var family = new MetricFamily(instrument);
            _families[instrument] = family;
            listener.EnableMeasurementEvents(instrument, family);
        };
        _listener.MeasurementsCompleted = (instrument, _) => _families.TryRemove(instrument, out var _);
        _listener.SetMeasurementEventCallback<long>(static (_, value, labels, family) => ((MetricFamily)family!).Record(value, labels));
        _listener.SetMeasurementEventCallback<int>(static (_, value, labels, family) => ((MetricFamily)family!).Record(value, labels));
        _listener.SetMeasurementEventCallback<double>(static (_, value, labels, family) => ((MetricFamily)family!).Record(value, labels));
        _listener.Start();
    }

    /// <summary>Everything in the text format of Prometheus, sorted by name.</summary>
    public string Collect()
    {
        lock (_collecting)
        {
            Observe();
            var text = new StringBuilder(16 * 1024);
            foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)) PrometheusWriter.Write(text, family);
            return text.ToString();
        }
    }

    /// <summary>
    /// An instrument whose owner is just being opened or closed may throw; all others have been asked by then, and what was seen of
    /// that one before stands.
    /// </summary>
    private void Observe()
    {
        try
        {
            _listener.RecordObservableInstruments();
        }
        catch (AggregateException)
        {
            // Said above; the next scrape asks again.
        }
    }

    public void Dispose() => _listener.Dispose();
}
