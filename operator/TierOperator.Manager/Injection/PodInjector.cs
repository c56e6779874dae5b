using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Injection;

/// <summary>
/// Gives a pod its sidecar, as a patch. Pure. Every step makes sure of one thing and does nothing where it holds
/// already, so that <c>inject(inject(pod)) = inject(pod)</c>, whatever ran in between.
/// </summary>
internal static class PodInjector
{
    /// <summary>
    /// 1. Is it asked for? 2. Which policy? 3. Is anything in the way? 4. Metadata. 5. Volumes. 6. The container, behind
    /// a mesh's proxy and before the app's own init containers.
    /// </summary>
    public static InjectionResult Inject(InjectionRequest request, IEnumerable<PolicyObject> policies, InjectionSettings settings)
    {
        if (!InjectionGuard.IsAsked(request, settings)) return InjectionResult.Refused(InjectionOutcome.NotAsked, null);
        var pod = request.Pod;
        var running = PodView.Annotations(pod).GetValueOrDefault(WellKnown.InjectedPolicy);
        var choice = PolicyChoice.Of(PodView.Labels(pod), running, policies);
        if (choice.Winner is not { } policy) return WithoutPolicy(choice, request);
        if (policy.Running is null)
            return InjectionResult.Refused(InjectionOutcome.PolicyNotAccepted, $"the policy \"{policy.Name}\" has faults and never ran: see kubectl describe tierpolicy {policy.Name} -n {policy.Namespace}");
        if (InjectionGuard.CheckPod(pod, settings) is { } unfit) return unfit;
        if (InjectionGuard.CheckClashes(pod, policy) is { } clash) return clash;

        var patch = new PodPatch(pod);
        var shape = Shape(policy);
        var isCurrent = PodView.Annotations(pod).GetValueOrDefault(WellKnown.InjectedShape) == shape && running == policy.Name;
        PutMetadata(patch, policy, shape);
        PutVolumes(patch, policy, isCurrent);
        PutContainer(patch, policy, settings, isCurrent);
        var outcome = patch.Operations.Count == 0 ? InjectionOutcome.AlreadyInjected : InjectionOutcome.Injected;
        return new InjectionResult(outcome, GraceWarning(policy, pod), patch.Operations, policy.Name);
    }

    /// <summary>
    /// A digest of what the policy asks of the pod's spec, without the operator's own settings: a new version of the
    /// operator alone calls for no restart.
    /// </summary>
    public static string Shape(PolicyObject policy)
    {
        var settings = new InjectionSettings("", null, NativeSidecars: true, "");
        var text = new StringBuilder(SidecarContainer.For(policy, [], settings).ToJsonString());
        foreach (var volume in SidecarVolumes.For(policy)) text.Append(volume.ToJsonString());
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }

    private static InjectionResult WithoutPolicy(PolicyChoice choice, InjectionRequest request) => choice.Named is { } named
        ? InjectionResult.Refused(InjectionOutcome.UnknownPolicy, $"the pod names the policy \"{named}\", which does not exist in the namespace \"{request.Namespace}\": create it, or correct the label {WellKnown.Policy}")
        : InjectionResult.Refused(InjectionOutcome.NoPolicy, null);

    private static void PutMetadata(PodPatch patch, PolicyObject policy, string shape)
    {
        patch.SetMetadata("labels", WellKnown.Owner, ObjectNames.LabelValue(policy.Name));
        patch.SetMetadata("annotations", WellKnown.InjectedPolicy, policy.Name);
        patch.SetMetadata("annotations", WellKnown.InjectedShape, shape);
        MeshPlacement.ExcludeAdminPort(patch, SidecarPorts.Of(policy).Admin);
    }

    private static void PutVolumes(PodPatch patch, PolicyObject policy, bool isCurrent)
    {
        foreach (var volume in SidecarVolumes.For(policy))
        {
            var index = PodView.IndexOf(patch.Pod, "volumes", PodView.Text(volume, "name")!);
            if (index >= 0 && isCurrent) continue;
            if (index >= 0) patch.Remove("volumes", index);
            patch.Insert("volumes", int.MaxValue, volume);
        }
    }

    private static void PutContainer(PodPatch patch, PolicyObject policy, InjectionSettings settings, bool isCurrent)
    {
        var first = MeshPlacement.FirstAllowed(patch.Pod);
        var native = PodView.IndexOf(patch.Pod, "initContainers", WellKnown.Container);
        var plain = PodView.IndexOf(patch.Pod, "containers", WellKnown.Container);
        var stands = settings.NativeSidecars ? native >= first : plain >= 0;
        if (isCurrent && stands) return;

        var container = isCurrent && native >= 0 && settings.NativeSidecars
            ? (JsonObject)patch.Pod["spec"]!["initContainers"]![native]!.DeepClone()
            : SidecarContainer.For(policy, patch.Pod, settings);
        if (native >= 0) patch.Remove("initContainers", native);
        if (plain >= 0) patch.Remove("containers", plain);
        if (settings.NativeSidecars) patch.Insert("initContainers", first, container);
        else patch.Insert("containers", int.MaxValue, container);
    }

    private static string? GraceWarning(PolicyObject policy, JsonObject pod)
    {
        if (policy.RunningSpec.Tiers is { Redis: null, Postgres: null }) return null;
        var needed = (policy.RunningSpec.Sync?.Timeout?.Value ?? TimeSpan.Zero).TotalSeconds;
        var granted = SidecarContainer.GraceSeconds(pod);
        return granted >= needed ? null
            : $"the pod's grace leaves the sidecar {granted} s to flush, and one round trip may take {needed} s (spec.sync.timeout of \"{policy.Name}\"): raise terminationGracePeriodSeconds";
    }
}
