using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Pods;

/// <summary>The pods of one policy.</summary>
/// <param name="Injected">Those that run its sidecar.</param>
/// <param name="Missed">Those that should and do not: created while the webhook was away.</param>
/// <param name="Conflicts">How many pods it selects that another policy won, by the winner's name.</param>
internal sealed record PolicyPods(IReadOnlyList<PodRecord> Injected, IReadOnlyList<PodRecord> Missed, IReadOnlyDictionary<string, int> Conflicts);

/// <summary>Finds the pods of a policy, by the rule that injection goes by.</summary>
internal sealed class PodFinder(ObjectStore<PodRecord> pods, ObjectStore<MetadataObject> namespaces, PolicyCatalog catalog, InjectionSettings settings)
{
    public PolicyPods Of(PolicyObject policy)
    {
        var (injected, missed, conflicts) = (new List<PodRecord>(), new List<PodRecord>(), new Dictionary<string, int>(StringComparer.Ordinal));
        var policies = catalog.In(policy.Namespace).ToList();
        var namespaceAsks = NamespaceAsks(policy.Namespace);
        foreach (var pod in pods.In(policy.Namespace))
        {
            if (pod.Metadata.IsBeingDeleted || !IsAsked(pod, namespaceAsks)) continue;
            var choice = PolicyChoice.Of(pod.Metadata.Labels, pod.HasSidecar ? pod.Policy : null, policies);
            if (choice.Winner?.Name == policy.Name) (pod.HasSidecar && pod.Policy == policy.Name ? injected : missed).Add(pod);
            else if (choice.Winner is { } winner && choice.Losers.Any(loser => loser.Name == policy.Name))
                conflicts[winner.Name] = conflicts.GetValueOrDefault(winner.Name) + 1;
        }

        // A policy with faults that never ran selects nothing, and a pod that must not be injected is not missed.
        return new PolicyPods(injected, [.. missed.Where(pod => policy.Running is not null && pod.IsRunning && pod.MayBeInjected)], conflicts);
    }

    public bool IsEnding(string name) => namespaces.Find(ObjectKey.OfCluster(name))?.Metadata.IsBeingDeleted == true;

    public bool NamespaceAsks(string name) =>
        namespaces.Find(ObjectKey.OfCluster(name))?.Metadata.Labels.GetValueOrDefault(WellKnown.Inject) == "true";

    private bool IsAsked(PodRecord pod, bool namespaceAsks)
    {
        if (pod.HasSidecar && pod.Policy is not null) return true;
        var space = pod.Metadata.Namespace;
        if (space == settings.OperatorNamespace || WellKnown.SystemNamespaces.Contains(space)) return false;
        return pod.Metadata.Labels.GetValueOrDefault(WellKnown.Inject) switch { "true" => true, null => namespaceAsks, _ => false };
    }
}
