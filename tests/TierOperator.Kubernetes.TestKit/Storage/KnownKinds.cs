using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>The kinds of Kubernetes that a fake server has, and whether their status is apart.</summary>
internal static class KnownKinds
{
    public static IReadOnlyList<(ResourceType Type, bool HasStatus)> All { get; } =
    [
        (ResourceTypes.Namespaces, true), (ResourceTypes.Nodes, true), (ResourceTypes.Pods, true), (ResourceTypes.ConfigMaps, false),
        (ResourceTypes.Secrets, false), (ResourceTypes.Services, true), (ResourceTypes.ServiceAccounts, false),
        (ResourceTypes.PersistentVolumeClaims, true), (ResourceTypes.StatefulSets, true), (ResourceTypes.Deployments, true),
        (ResourceTypes.Jobs, true), (ResourceTypes.CronJobs, true), (ResourceTypes.PodDisruptionBudgets, true),
        (ResourceTypes.NetworkPolicies, false), (ResourceTypes.StorageClasses, false), (ResourceTypes.Leases, false),
        (ResourceTypes.Events, false), (ResourceTypes.MutatingWebhooks, false), (ResourceTypes.ValidatingWebhooks, false),
        (ResourceTypes.CustomResourceDefinitions, true),
    ];
}
