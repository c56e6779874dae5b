namespace TierOperator.Kubernetes.Objects;

/// <summary>The kinds of Kubernetes itself that operators work with.</summary>
public static class ResourceTypes
{
    public static ResourceType Namespaces { get; } = new("", "v1", "namespaces", "Namespace", false);
    public static ResourceType Nodes { get; } = new("", "v1", "nodes", "Node", false);
    public static ResourceType Pods { get; } = new("", "v1", "pods", "Pod");
    public static ResourceType ConfigMaps { get; } = new("", "v1", "configmaps", "ConfigMap");
    public static ResourceType Secrets { get; } = new("", "v1", "secrets", "Secret");
    public static ResourceType Services { get; } = new("", "v1", "services", "Service");
    public static ResourceType ServiceAccounts { get; } = new("", "v1", "serviceaccounts", "ServiceAccount");
    public static ResourceType PersistentVolumeClaims { get; } = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
    public static ResourceType StatefulSets { get; } = new("apps", "v1", "statefulsets", "StatefulSet");
    public static ResourceType Deployments { get; } = new("apps", "v1", "deployments", "Deployment");
    public static ResourceType Jobs { get; } = new("batch", "v1", "jobs", "Job");
    public static ResourceType CronJobs { get; } = new("batch", "v1", "cronjobs", "CronJob");
    public static ResourceType PodDisruptionBudgets { get; } = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");
    public static ResourceType NetworkPolicies { get; } = new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy");
    public static ResourceType StorageClasses { get; } = new("storage.k8s.io", "v1", "storageclasses", "StorageClass", false);
    public static ResourceType Leases { get; } = new("coordination.k8s.io", "v1", "leases", "Lease");
    public static ResourceType Events { get; } = new("events.k8s.io", "v1", "events", "Event");
    public static ResourceType MutatingWebhooks { get; } =
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false);
    public static ResourceType ValidatingWebhooks { get; } =
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", false);
    public static ResourceType CustomResourceDefinitions { get; } =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
}
