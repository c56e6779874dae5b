using System.Globalization;
using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Injection;

/// <summary>The sidecar's container. Everything that the policy decides about it is RestartBound.</summary>
internal static class SidecarContainer
{
    public const string PolicyFolder = "/etc/tier/policy";
    public const string SecretsFolder = "/etc/tier/secrets";
    public const string DataFolder = "/var/lib/tier";

    // An id without a name in any image, as restricted namespaces ask for; the image runs under the same one.
    private const int User = 65532;

    // Kubernetes' own default, where a pod says nothing.
    private const long DefaultGraceSeconds = 30;

    // What the app's end may take out of the pod's grace before the sidecar is told to stop.
    private const long ReservedForAppSeconds = 5;

    public static JsonObject For(PolicyObject policy, JsonObject pod, InjectionSettings settings)
    {
        var ports = SidecarPorts.Of(policy);
        var container = new JsonObject
        {
            ["name"] = WellKnown.Container,
            ["image"] = settings.Image,
            ["args"] = new JsonArray("run"),
            ["env"] = Environment(policy, ports, GraceSeconds(pod)),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "tier-admin", ["containerPort"] = ports.Admin, ["protocol"] = "TCP" }),
            ["startupProbe"] = Probe("/startupz", ports.Admin, periodSeconds: 1, failures: 120),
            ["livenessProbe"] = Probe("/livez", ports.Admin, periodSeconds: 10, failures: 6),
            ["resources"] = Resources(policy.RunningSpec),
            ["securityContext"] = SecurityContext(),
            ["volumeMounts"] = SidecarVolumes.Mounts(policy),
            ["terminationMessagePolicy"] = "FallbackToLogsOnError",
        };
        if (settings.PullPolicy is { } pull) container["imagePullPolicy"] = pull;
        if (settings.NativeSidecars) container["restartPolicy"] = "Always";
        return container;
    }

    /// <summary>How long the sidecar may drain: what the pod grants, less what the app's own end takes.</summary>
    public static long GraceSeconds(JsonObject pod) =>
        Math.Max(1, (PodView.Number(pod["spec"] as JsonObject, "terminationGracePeriodSeconds") ?? DefaultGraceSeconds) - ReservedForAppSeconds);

    private static JsonArray Environment(PolicyObject policy, SidecarPorts ports, long grace)
    {
        var variables = new JsonArray(
            Variable("TIER_POLICY", PolicyFolder),
            Variable("TIER_SECRETS", SecretsFolder),
            Variable("TIER_API_PORT", Text(ports.Api)),
            Variable("TIER_ADMIN_PORT", Text(ports.Admin)),
            Variable("TIER_RESP_PORT", Text(ports.Resp)),
            Variable("TIER_GRACE", $"{grace}s"),
            Variable("TIER_LOG_FORMAT", "json"),
            FromPod("TIER_ADMIN_ADDRESS", "status.podIP"),
            FromPod("TIER_POD_UID", "metadata.uid"),
            Variable("MALLOC_ARENA_MAX", "1"),
            Variable("DOTNET_EnableWriteXorExecute", "0"));
        if (policy.RunningSpec.Tiers?.Spillover is not null) variables.Insert(1, Variable("TIER_DATA", DataFolder));
        return variables;
    }

    private static JsonObject Resources(SpecDocument spec)
    {
        var limit = SidecarSizing.MemoryLimit(spec).ToString();
        var requests = spec.Sidecar?.Resources?.Requests;
        var limits = spec.Sidecar?.Resources?.Limits;
        var limited = new JsonObject { ["memory"] = limits?.Memory?.ToString() ?? limit };

        // Without a limit of the user's own there is none for the processor: throttling would show as latency of the app.
        if (limits?.Cpu is { } most) limited["cpu"] = most.ToString();
        return new JsonObject
        {
            ["requests"] = new JsonObject
            {
                ["cpu"] = requests?.Cpu?.ToString() ?? "50m",
                ["memory"] = requests?.Memory?.ToString() ?? limits?.Memory?.ToString() ?? limit,
            },
            ["limits"] = limited,
        };
    }

    private static JsonObject SecurityContext() => new()
    {
        ["runAsNonRoot"] = true,
        ["runAsUser"] = User,
        ["runAsGroup"] = User,
        ["readOnlyRootFilesystem"] = true,
        ["allowPrivilegeEscalation"] = false,
        ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
        ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
    };

    private static JsonObject Probe(string path, int port, int periodSeconds, int failures) => new()
    {
        ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = port, ["scheme"] = "HTTP" },
        ["periodSeconds"] = periodSeconds,
        ["timeoutSeconds"] = 3,
        ["failureThreshold"] = failures,
    };

    private static JsonObject Variable(string name, string value) => new() { ["name"] = name, ["value"] = value };

    private static JsonObject FromPod(string name, string field) => new()
    {
        ["name"] = name,
        ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = field } },
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
