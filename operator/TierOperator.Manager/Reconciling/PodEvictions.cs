using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Events;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Names;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// Evicts pods that were missed by injection, or that must restart for a change, where the policy asks for it: through
/// the Eviction API, so that disruption budgets hold, one pod at a time per policy and only pods that something makes
/// anew.
/// </summary>
internal sealed class PodEvictions(KubeClient client, EventRecorder events, TimeProvider time)
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(15);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _lastAt = new(StringComparer.Ordinal);

    /// <summary>When to come back for the next one; null where none is left.</summary>
    public async Task<TimeSpan?> ReconcileAsync(PolicyObject policy, PolicyPods pods, CancellationToken cancellationToken)
    {
        if (Next(policy, pods) is not { } pod) return null;
        var key = $"{policy.Namespace}/{policy.Name}";
        if (_lastAt.TryGetValue(key, out var at) && time.GetElapsedTime(at) < s_between) return s_between;
        _lastAt[key] = time.GetTimestamp();
        try
        {
            var eviction = new JsonObject
            {
                ["apiVersion"] = "policy/v1", ["kind"] = "Eviction",
                ["metadata"] = new JsonObject { ["name"] = pod.Metadata.Name, ["namespace"] = pod.Metadata.Namespace },
            };
            await client.CreateAsync(ResourceTypes.Pods, pod.Metadata.Key, "eviction", eviction, cancellationToken);
            events.Record(new KubeEvent(ResourceTypes.Pods, pod.Metadata, EventKind.Normal, "Evicted", $"evicted so that it comes back with the sidecar of the policy {policy.Name}", "Evict"));
        }
        catch (KubeApiException error) when (error.IsTooManyRequests || error.IsNotFound)
        {
            // A budget says not now, or it is gone already: the next round looks again.
        }

        return s_between;
    }

    // One at a time: while any pod of the policy is not running, nothing more is taken down.
    private static PodRecord? Next(PolicyObject policy, PolicyPods pods)
    {
        if (policy.Running is null || pods.Injected.Concat(pods.Missed).Any(pod => !pod.IsRunning)) return null;
        if (policy.Annotations.GetValueOrDefault(WellKnown.Repair) == "true" && pods.Missed.FirstOrDefault(pod => pod.HasController) is { } missed) return missed;
        if (policy.RunningSpec.Rollout?.Restart != true) return null;
        var shape = PodInjector.Shape(policy);
        return pods.Injected.FirstOrDefault(pod => pod.HasController && pod.Shape != shape);
    }
}
