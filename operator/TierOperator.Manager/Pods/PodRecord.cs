using System.Text.Json;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Pods;

/// <summary>
/// What the operator keeps of a pod: some hundred bytes, read from the stream. Labels decide which policy selects it,
/// the rest where its sidecar answers.
/// </summary>
internal sealed record PodRecord(ObjectMeta Metadata) : IKubeObject
{
    public static ResourceView<PodRecord> View { get; } = new(ResourceTypes.Pods, Read);

    public string? Ip { get; init; }
    public bool IsRunning { get; init; }

    /// <summary>Its containers have ended for good: nothing of it writes any more.</summary>
    public bool HasEnded { get; init; }

    /// <summary>The sidecar's admin port; null where the pod has no sidecar.</summary>
    public int? AdminPort { get; init; }

    /// <summary>The policy that was injected; null where none was.</summary>
    public string? Policy { get; init; }

    /// <summary>What the policy asked of the pod's spec when it was injected.</summary>
    public string? Shape { get; init; }

    /// <summary>Whether it was made by something that makes another one when it is evicted.</summary>
    public bool HasController { get; init; }

    /// <summary>False for pods that injection refuses by what they are: they are not missed.</summary>
    public bool MayBeInjected { get; init; } = true;

    public bool HasSidecar => AdminPort is not null;

    private static PodRecord Read(JsonElement body)
    {
        var meta = ObjectMeta.Read(body);
        var (spec, status) = (JsonFields.Object(body, "spec"), JsonFields.Object(body, "status"));
        return new PodRecord(meta with { Annotations = new Dictionary<string, string>(0), OwnerReferences = [], Finalizers = [] })
        {
            Ip = JsonFields.Text(status, "podIP"),
            IsRunning = JsonFields.Text(status, "phase") == "Running" && !meta.IsBeingDeleted,
            HasEnded = JsonFields.Text(status, "phase") is "Succeeded" or "Failed",
            AdminPort = AdminPortOf(spec),
            Policy = meta.Annotations.GetValueOrDefault(WellKnown.InjectedPolicy),
            Shape = meta.Annotations.GetValueOrDefault(WellKnown.InjectedShape),
            MayBeInjected = !JsonFields.Flag(spec, "hostNetwork") && !meta.Annotations.ContainsKey("kubernetes.io/config.mirror")
                && JsonFields.Text(JsonFields.Object(spec, "os"), "name") != "windows",
            HasController = meta.OwnerReferences.Any(owner => owner.IsController),
        };
    }

    private static int? AdminPortOf(JsonElement spec)
    {
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers"])
            foreach (var container in JsonFields.List(spec, list))
                if (JsonFields.Text(container, "name") == WellKnown.Container)
                    return (int?)JsonFields.List(container, "ports").Select(port => JsonFields.Number(port, "containerPort")).FirstOrDefault() ?? 7071;
        return null;
    }
}
