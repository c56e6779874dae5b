using System.Text.Json.Nodes;

namespace TierOperator.Manager.Injection;

/// <summary>What became of one pod. The names are the values of a metric's label: a closed set.</summary>
internal enum InjectionOutcome
{
    Injected,
    AlreadyInjected,
    NotAsked,
    NoPolicy,
    UnknownPolicy,
    PolicyNotAccepted,
    HostNetwork,
    Windows,
    MirrorPod,
    NameClash,
    PortClash,
    JobWithoutNativeSidecars,
    Malformed,
}

/// <summary>The answer to an admission review, without its envelope.</summary>
/// <param name="Message">Why the pod is not injected, or what is risky about it; null where there is nothing to say.</param>
internal sealed record InjectionResult(InjectionOutcome Outcome, string? Message, JsonArray Patch, string? Policy = null)
{
    /// <summary>True where the pod asked for a sidecar and does not get one.</summary>
    public bool IsMissed => Outcome is not (InjectionOutcome.Injected or InjectionOutcome.AlreadyInjected or InjectionOutcome.NotAsked or InjectionOutcome.NoPolicy);

    public static InjectionResult Refused(InjectionOutcome outcome, string? message) => new(outcome, message, []);
}

/// <summary>What injection needs to know beside the pod.</summary>
/// <param name="Image">The sidecar's image.</param>
/// <param name="PullPolicy">Its pull policy; null leaves it to the cluster.</param>
/// <param name="NativeSidecars">Whether the cluster runs init containers with restartPolicy Always (1.29 and later).</param>
internal sealed record InjectionSettings(string Image, string? PullPolicy, bool NativeSidecars, string OperatorNamespace);

/// <summary>One pod that is about to be created.</summary>
/// <param name="Namespace">From the admission request: a pod made by a controller often names none itself.</param>
/// <param name="NamespaceAsks">Whether the namespace carries the label that asks for injection.</param>
internal sealed record InjectionRequest(JsonObject Pod, string Namespace, bool NamespaceAsks);
