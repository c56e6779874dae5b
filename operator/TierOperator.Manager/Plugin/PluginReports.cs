using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Rollouts;
using TierOperator.Policy;

namespace TierOperator.Manager.Plugin;

/// <summary>What <c>kubectl tier</c> answers. Each writes text for people and returns an exit code.</summary>
internal sealed class PluginReports(KubeClient client, TextWriter output, TextWriter error)
{
    private static readonly CompositeFormat s_row = CompositeFormat.Parse("{0,-24} {1,-6} {2,-16} {3,-13} {4,6} {5,8} {6,6}");

    /// <summary><c>status</c>: every policy of a namespace, on a line each.</summary>
    public async Task<int> StatusAsync(string @namespace, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync(string.Format(null, s_row, "NAME", "READY", "REASON", "REVISION", "PODS", "CURRENT", "MISSED"));
        string? next = null;
        do
        {
            var page = await client.ListPageAsync(RawObject.View(PolicyCatalog.Type), new ListScope(@namespace), next, cancellationToken);
            foreach (var policy in page.Items) await WriteAsync(policy.Metadata.Name, JsonObject.Create(policy.Body)!["status"]);
            next = page.Continue;
        }
        while (next is not null);

        return Commands.ExitCode.Ok;
    }

    /// <summary><c>effective POD</c>: the policy that the pod runs, which of its snapshots, and the snapshot itself.</summary>
    public async Task<int> EffectiveAsync(ObjectKey pod, CancellationToken cancellationToken)
    {
        if (await client.GetAsync(ResourceTypes.Pods, pod, cancellationToken) is not { } found)
            return await FailAsync($"there is no pod {pod.Name} in {pod.Namespace}");
        if (found["metadata"]?["annotations"]?[WellKnown.InjectedPolicy]?.GetValue<string>() is not { } policy)
            return await FailAsync($"the pod {pod.Name} has no sidecar: kubectl describe tierpolicy says which pods were missed, and why");
        var map = await client.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey(pod.Namespace, ObjectNames.Mounted(policy)), cancellationToken);
        var rollout = RolloutState.Read(map);
        var isChosen = rollout.Candidate is not null && PodHash.Of(found["metadata"]!["uid"]!.GetValue<string>()) < rollout.Wave;
        if ((isChosen ? rollout.Candidate : rollout.Stable) is not { } revision) return await FailAsync($"the policy {policy} has published nothing yet");
        await output.WriteLineAsync($"# policy {policy}, {(isChosen ? "candidate" : "stable")}, revision {revision.Id}");
        await output.WriteLineAsync(revision.Snapshot);
        return Commands.ExitCode.Ok;
    }

    /// <summary><c>dry-run -f FILE</c>: every fault and warning, then what the API server and its webhooks say.</summary>
    public async Task<int> DryRunAsync(string file, JsonObject document, string text, CancellationToken cancellationToken)
    {
        var loaded = PolicyLoader.Load(text, file);
        foreach (var fault in loaded.Faults.Concat(loaded.Warnings)) await error.WriteLineAsync($"{file}:{fault}");
        if (loaded.Policy is not { } policy) return Commands.ExitCode.Refused;
        try
        {
            await client.ApplyAsync(PolicyCatalog.Type, document, new ApplyOptions("kubectl-tier") { IsDryRun = true }, cancellationToken);
        }
        catch (KubeApiException refused)
        {
            return await FailAsync(refused.Message);
        }

        var map = await client.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey(policy.Namespace, ObjectNames.Mounted(policy.Name)), cancellationToken);
        var isSame = RolloutState.Read(map).Stable?.Id == policy.Revision;
        await output.WriteLineAsync(isSame ? $"unchanged: revision {policy.Revision} runs already" : $"would publish revision {policy.Revision}");
        return Commands.ExitCode.Ok;
    }

    private async Task WriteAsync(string name, JsonNode? status)
    {
        var ready = (status?["conditions"] as JsonArray ?? []).FirstOrDefault(condition => condition?["type"]?.ToString() == "Ready");
        var pods = status?["pods"];
        var (selected, injected) = (Number(pods, "selected"), Number(pods, "injected"));
        await output.WriteLineAsync(string.Format(null, s_row,
            name, ready?["status"]?.ToString() ?? "-", ready?["reason"]?.ToString() ?? "-", status?["revision"]?.ToString() ?? "-",
            injected, Number(pods, "current"), selected - injected));
    }

    private static long Number(JsonNode? parent, string name) => parent?[name]?.GetValue<long>() ?? 0;

    private async Task<int> FailAsync(string message)
    {
        await error.WriteLineAsync(message);
        return Commands.ExitCode.Refused;
    }
}
