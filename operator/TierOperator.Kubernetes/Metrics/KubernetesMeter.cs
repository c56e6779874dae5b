using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.Queueing;

namespace TierOperator.Kubernetes.Metrics;

/// <summary>The instruments of the runtime. Labels are kinds, controllers and outcomes, never names of objects.</summary>
public static class KubernetesMeter
{
    public const string Name = "TierOperator.Kubernetes";

    internal static Meter Meter { get; } = new(Name);

    private static readonly Counter<long> Watches = Meter.CreateCounter<long>(
        "tier_operator_watches", description: "Watches that were opened, the first one of each kind included.");

    private static readonly Counter<long> Relists = Meter.CreateCounter<long>(
        "tier_operator_relists", description: "Lists after the first one: the server no longer had our version, or kept failing.");

    private static readonly Counter<long> Reconciles = Meter.CreateCounter<long>(
        "tier_operator_reconciles", description: "Reconciliations by outcome.");

    private static readonly Histogram<double> ReconcileDuration = Meter.CreateHistogram<double>(
        "tier_operator_reconcile_duration_seconds", "s", "How long one reconciliation took.");

    private static readonly Counter<long> DroppedEvents = Meter.CreateCounter<long>(
        "tier_operator_events_dropped", description: "Events of Kubernetes that could not be written in time.");

    internal static void WatchStarted(ResourceType type) => Watches.Add(1, Tag("resource", type.Plural));

    internal static void Relisted(ResourceType type) => Relists.Add(1, Tag("resource", type.Plural));

    internal static void Reconciled(string controller, string outcome, TimeSpan took)
    {
        Reconciles.Add(1, Tag("controller", controller), Tag("outcome", outcome));
        ReconcileDuration.Record(took.TotalSeconds, Tag("controller", controller));
    }

    /// <summary>Outcomes start at zero, so that a rate over them exists before the first one.</summary>
    internal static void Announce(string controller)
    {
        foreach (var outcome in new[] { "success", "requeue", "error" })
            Reconciles.Add(0, Tag("controller", controller), Tag("outcome", outcome));
    }

    // Controllers that are open: their queues are asked when somebody reads the metrics, never in between.
    private static readonly ConcurrentDictionary<WorkQueue, string> Queues = new();

    /// <summary>How much waits in the queues, and for how long.</summary>
    internal static IReadOnlyList<Instrument> QueueGauges { get; } =
    [
        Meter.CreateObservableGauge(
            "tier_operator_queue_depth", () => Queues.Select(queue => new Measurement<int>(queue.Key.Depth, Tag("controller", queue.Value))),
            description: "Keys that wait for a worker."),
        Meter.CreateObservableGauge(
            "tier_operator_queue_age_seconds", () => Queues.Select(queue => new Measurement<double>(queue.Key.OldestAge.TotalSeconds, Tag("controller", queue.Value))),
            "s", "For how long the key that waits longest has waited."),
    ];

    private static readonly UpDownCounter<int> Leading = Meter.CreateUpDownCounter<int>(
        "tier_operator_leader", description: "1 while this process leads.");

    internal static void Leads(bool leads) => Leading.Add(leads ? 1 : -1);

    internal static void Opened(string controller, WorkQueue queue) => Queues[queue] = controller;

    internal static void Closed(WorkQueue queue) => Queues.TryRemove(queue, out _);

    internal static void EventDropped() => DroppedEvents.Add(1);

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
