using System.Text.Json.Nodes;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Injection;

/// <summary>
/// How a sidecar lives with a service mesh: its proxy starts first, because the sidecar's calls to backends go through
/// it; and the admin port is left out of its capture, because kubelet and operator have no certificate of the mesh.
/// </summary>
internal static class MeshPlacement
{
    private const string IstioExclude = "traffic.sidecar.istio.io/excludeInboundPorts";
    private const string LinkerdSkip = "config.linkerd.io/skip-inbound-ports";
    private const string KumaExclude = "traffic.kuma.io/exclude-inbound-ports";

    private static readonly HashSet<string> s_meshContainers = new(StringComparer.Ordinal)
    {
        "istio-proxy", "istio-init", "istio-validation", "linkerd-proxy", "linkerd-init", "linkerd-network-validator",
        "kuma-sidecar", "kuma-init", "kuma-validation", "consul-dataplane", "consul-connect-inject-init",
    };

    /// <summary>The first place among the init containers that is behind every container of a mesh.</summary>
    public static int FirstAllowed(JsonObject pod)
    {
        var index = 0;
        var first = 0;
        foreach (var container in PodView.List(pod, "initContainers"))
        {
            if (PodView.Text(container, "name") == WellKnown.Container) continue;
            index++;
            if (s_meshContainers.Contains(PodView.Text(container, "name") ?? "")) first = index;
        }

        return first;
    }

    /// <summary>Adds the admin port to what each mesh leaves alone; ports that others listed stay.</summary>
    public static void ExcludeAdminPort(PodPatch patch, int port)
    {
        foreach (var annotation in (ReadOnlySpan<string>)[IstioExclude, LinkerdSkip, KumaExclude])
        {
            var listed = PodView.Annotations(patch.Pod).GetValueOrDefault(annotation, "");
            var ports = listed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (ports.Contains($"{port}")) continue;
            patch.SetMetadata("annotations", annotation, ports.Length == 0 ? $"{port}" : $"{listed.TrimEnd(',')},{port}");
        }
    }
}
