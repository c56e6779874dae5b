using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// Applies desired objects, where they do not stand already. What a person edited by hand is put back; what another
/// controller claims is left to it and told, because two that put each other back would never end.
/// </summary>
internal sealed class ObjectApplier(KubeClient client, OwnedObjects owned)
{
    private const string FieldConflict = "FieldManagerConflict";
    private const int MostNamed = 10;
    private static readonly ApplyOptions s_polite = new(WellKnown.FieldManager, Force: false);
    private static readonly ApplyOptions s_forced = new(WellKnown.FieldManager);

    /// <summary>Null when the object stands; else what another field manager holds.</summary>
    public async Task<string?> ApplyAsync(ResourceType type, JsonObject desired, CancellationToken cancellationToken)
    {
        if (type != ResourceTypes.Secrets) ObjectDrift.Mark(desired);
        var key = new ObjectKey(desired["metadata"]!["namespace"]!.GetValue<string>(), desired["metadata"]!["name"]!.GetValue<string>());
        if (owned.Find(type, key) is { } live && ObjectDrift.Stands(live.Body, desired)) return null;
        try
        {
            await client.ApplyAsync(type, desired, s_polite, cancellationToken);
            return null;
        }
        catch (KubeApiException error) when (error.IsConflict)
        {
            // A conflict that names no fields is a race that was lost: the queue brings the policy back.
            var disputes = error.Fault.Causes.Where(cause => cause.Reason == FieldConflict).ToList();
            if (disputes.Count == 0) throw;
            if (!disputes.TrueForAll(IsByHand)) return $"{type.Kind} {key.Name}: " + string.Join(", ", disputes.Take(MostNamed).Select(cause => $"{cause.Field} ({cause.Message})"));
            await client.ApplyAsync(type, desired, s_forced, cancellationToken);
            return null;
        }
    }

    private static bool IsByHand(FaultCause dispute) => dispute.Message.Contains("conflict with \"kubectl", StringComparison.Ordinal);
}

/// <summary>What stands in the cluster of what the operator made, by kind. Read from informers, so that a look costs no call.</summary>
internal sealed class OwnedObjects
{
    /// <summary>Only what carries the owner's label is ever listed: never all Secrets of a cluster.</summary>
    public static ListScope Scope { get; } = new(null, WellKnown.Owner);

    private readonly Dictionary<ResourceType, Informer<RawObject>> _informers = [];

    public IReadOnlyCollection<Informer<RawObject>> Informers => _informers.Values;

    public void Add(Informer<RawObject> informer) => _informers[informer.Type] = informer;

    /// <summary>Whether the server offers the kind: an older one may lack some.</summary>
    public bool Has(ResourceType type) => _informers.ContainsKey(type);

    public RawObject? Find(ResourceType type, ObjectKey key) => _informers.TryGetValue(type, out var informer) ? informer.Store.Find(key) : null;

    public IEnumerable<RawObject> Of(ResourceType type, string @namespace, string policy) =>
        _informers.TryGetValue(type, out var informer)
            ? informer.Store.In(@namespace).Where(item => item.Metadata.Labels.GetValueOrDefault(WellKnown.Owner) == ObjectNames.LabelValue(policy)) : [];
}
