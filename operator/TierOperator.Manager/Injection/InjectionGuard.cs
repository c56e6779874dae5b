using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Injection;

/// <summary>The pods that must not be injected, each with the words that the user reads.</summary>
internal static class InjectionGuard
{
    /// <summary>Whether the pod, or its namespace, asks for a sidecar; system namespaces never do.</summary>
    public static bool IsAsked(InjectionRequest request, InjectionSettings settings)
    {
        if (request.Namespace == settings.OperatorNamespace || WellKnown.SystemNamespaces.Contains(request.Namespace)) return false;
        return PodView.Labels(request.Pod).GetValueOrDefault(WellKnown.Inject) switch
        {
            "true" => true,
            null => request.NamespaceAsks,
            _ => false,
        };
    }

    /// <summary>Null where nothing about the pod itself is in the way.</summary>
    public static InjectionResult? CheckPod(JsonObject pod, InjectionSettings settings)
    {
        if (pod["spec"] is not JsonObject spec || spec["containers"] is not JsonArray { Count: > 0 })
            return InjectionResult.Refused(InjectionOutcome.Malformed, "the pod has no containers: there is nothing to stand beside");
        if (spec["initContainers"] is not (null or JsonArray) || spec["volumes"] is not (null or JsonArray))
            return InjectionResult.Refused(InjectionOutcome.Malformed, "the pod's initContainers or volumes are no list: write them as one");
        if (PodView.Annotations(pod).ContainsKey("kubernetes.io/config.mirror"))
            return InjectionResult.Refused(InjectionOutcome.MirrorPod, "a mirror pod shows what a kubelet's file says, and cannot be changed here: add the sidecar to that file");
        if (PodView.IsTrue(spec, "hostNetwork"))
            return InjectionResult.Refused(InjectionOutcome.HostNetwork, "with hostNetwork the pod's loopback is the node's, and the store would be open to everything on it: set hostNetwork to false");
        if (IsWindows(spec))
            return InjectionResult.Refused(InjectionOutcome.Windows, "the sidecar runs on Linux only: take the label tieroperator.io/inject off pods for Windows nodes");
        if (!settings.NativeSidecars && IsOfJob(pod))
            return InjectionResult.Refused(InjectionOutcome.JobWithoutNativeSidecars, "before Kubernetes 1.29 a sidecar would keep the Job from ever finishing: run the Job without it, or upgrade the cluster");
        return null;
    }

    /// <summary>Null where no container or port of the pod's own has a name or port that the sidecar needs.</summary>
    public static InjectionResult? CheckClashes(JsonObject pod, PolicyObject policy)
    {
        var isOurs = PodView.Annotations(pod).ContainsKey(WellKnown.InjectedPolicy);
        if (!isOurs && PodView.List(pod, "containers").Concat(PodView.List(pod, "initContainers")).Any(container => PodView.Text(container, "name") == WellKnown.Container))
            return InjectionResult.Refused(InjectionOutcome.NameClash, $"the pod has a container named \"{WellKnown.Container}\" of its own: give it another name");
        var ports = SidecarPorts.Of(policy);
        foreach (var container in PodView.Running(pod).Where(container => PodView.Text(container, "name") != WellKnown.Container))
            foreach (var port in (container["ports"] as JsonArray ?? []).OfType<JsonObject>())
                if (PodView.Number(port, "containerPort") is { } number && ports.Has(number))
                    return InjectionResult.Refused(InjectionOutcome.PortClash, $"the container \"{PodView.Text(container, "name")}\" and the sidecar would both listen on port {number}: change one, the sidecar's in spec.sidecar.ports of the policy \"{policy.Name}\"");
        return null;
    }

    private static bool IsWindows(JsonObject spec) =>
        PodView.Text(spec["os"] as JsonObject, "name") == "windows"
        || PodView.Text(spec["nodeSelector"] as JsonObject, "kubernetes.io/os") == "windows";

    private static bool IsOfJob(JsonObject pod) =>
        ((pod["metadata"] as JsonObject)?["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>().Any(owner => PodView.Text(owner, "kind") == "Job");
}

/// <summary>The ports that a policy gives its sidecars. In a pod they must be known beforehand, so 0 is the default.</summary>
internal sealed record SidecarPorts(int Api, int Admin, int Resp)
{
    public static SidecarPorts Of(PolicyObject policy)
    {
        var ports = policy.RunningSpec.Sidecar?.Ports;
        return new SidecarPorts(Known(ports?.Api, 7070), Known(ports?.Admin, 7071), Known(ports?.Resp, 7379));
    }

    public bool Has(long port) => port == Api || port == Admin || port == Resp;

    private static int Known(int? port, int standard) => port is null or 0 ? standard : port.Value;
}
