using TierOperator.Manager.Desired;
using TierOperator.Manager.Rollouts;

namespace TierOperator.Manager.Statuses;

/// <summary>The conditions of a policy, each with the one reason that matters most.</summary>
internal static class ConditionSet
{
    public static IReadOnlyList<Condition> Of(StatusInputs inputs)
    {
        var conditions = new List<Condition> { Accepted(inputs), Backends(inputs), Injected(inputs), Programmed(inputs) };
        var first = conditions.FirstOrDefault(condition => !condition.IsTrue);
        conditions.Add(first is null
            ? new Condition("Ready", true, "Ready", "every pod that the policy selects runs its newest revision")
            : new Condition("Ready", false, first.Reason, $"{first.Type}: {first.Message}"));
        if (Restarts(inputs) is { } restarts) conditions.Add(restarts);
        if (inputs.Pods.Conflicts.Count > 0) conditions.Add(Conflicted(inputs));
        return conditions;
    }

    private static Condition Accepted(StatusInputs inputs)
    {
        var loaded = inputs.Policy.Loaded;
        if (!loaded.IsValid)
            return new Condition("Accepted", false, "Invalid", $"{loaded.Faults.Count} faults; sidecars keep the last good policy. " + string.Join("\n", loaded.Faults.Select(fault => $"{fault.Code} {fault.Path}: {fault.Message}; {fault.Help}")));
        if (loaded.Snapshot.Length > PolicyObjects.MostSnapshotBytes)
            return new Condition("Accepted", false, "TooLarge", $"the snapshot has {loaded.Snapshot.Length} bytes, and a ConfigMap takes {PolicyObjects.MostSnapshotBytes} of it: split the policy");
        return new Condition("Accepted", true, "Valid", loaded.Warnings.Count == 0 ? "the policy has no faults" : string.Join("\n", loaded.Warnings.Select(warning => $"{warning.Code} {warning.Path}: {warning.Message}; {warning.Help}")));
    }

    private static Condition Backends(StatusInputs inputs)
    {
        if (inputs.Held.Count > 0) return new Condition("BackendsReady", false, "HeldByOthers", $"another field manager holds what the operator would write, and is left alone: {string.Join("; ", inputs.Held)}");
        var waiting = inputs.Backends.Where(backend => !backend.IsReady).ToList();
        if (waiting.Count > 0) return new Condition("BackendsReady", false, waiting[0].Reason, string.Join("; ", waiting.Select(backend => $"{backend.Name}: {backend.Message}")));
        return new Condition("BackendsReady", true, "Ready", inputs.Backends.Count == 0 ? "the policy needs no backend" : string.Join("; ", inputs.Backends.Select(backend => $"{backend.Name}: {backend.Message}")));
    }

    private static Condition Injected(StatusInputs inputs)
    {
        var missed = inputs.Pods.Missed;
        return missed.Count == 0
            ? new Condition("Injected", true, "Injected", inputs.Pods.Injected.Count == 0 ? "no running pod is selected" : "every selected pod has its sidecar")
            : new Condition("Injected", false, "PodsMissed", $"{missed.Count} pods were created without their sidecar: {StatusComposer.Names(missed)}. Restart them, or annotate the policy with {Names.WellKnown.Repair}: \"true\"");
    }

    private static Condition Programmed(StatusInputs inputs)
    {
        var (policy, rollout) = (inputs.Policy, inputs.Rollout);
        if (policy.Compiled is not { } wanted) return new Condition("Programmed", false, "NotAccepted", "the policy has faults");
        if (rollout.Rejected == wanted.Revision) return new Condition("Programmed", false, "Rejected", $"a sidecar refused the new revision, and all went back to the stable one: {rollout.Reason}");
        if (rollout.Candidate is not null) return new Condition("Programmed", false, "RollingOut", $"{inputs.Pods.Injected.Count(pod => PodHash.Of(pod.Metadata.Uid) < rollout.Wave)} of {inputs.Pods.Injected.Count} pods are offered the new revision");
        if (rollout.Stable?.Id != wanted.Revision) return new Condition("Programmed", false, policy.Spec.Rollout?.Paused == true ? "Paused" : "NotPublished", "the new revision is not published yet");
        var silent = inputs.Pods.Injected.Where(pod => pod.IsRunning && inputs.ReportOf(pod.Metadata.Uid)?.Revision != wanted.Revision).ToList();
        return silent.Count == 0
            ? new Condition("Programmed", true, "Programmed", "every injected pod runs the newest revision")
            : new Condition("Programmed", false, "Waiting", $"{silent.Count} pods do not say yet that they run the newest revision: {StatusComposer.Names(silent)}");
    }

    private static Condition? Restarts(StatusInputs inputs)
    {
        var pods = inputs.Pods.Injected.Where(pod => (inputs.Shape is not null && pod.Shape != inputs.Shape)
            || inputs.ReportOf(pod.Metadata.Uid) is { RestartRequired.Count: > 0 }).ToList();
        return pods.Count == 0 ? null : new Condition("RestartRequired", true, "RestartBoundChange",
            $"{pods.Count} pods take what changed only with a restart: {StatusComposer.Names(pods)}. Restart them, or set spec.rollout.restart");
    }

    private static Condition Conflicted(StatusInputs inputs) => new("Conflicted", true, "OtherPolicyWins",
        string.Join("; ", inputs.Pods.Conflicts.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Value} pods that this policy selects run \"{entry.Key}\"")));
}
