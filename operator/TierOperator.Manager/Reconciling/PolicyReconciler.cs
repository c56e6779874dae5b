using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Controllers;
using TierOperator.Kubernetes.Events;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Names;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Rollouts;
using TierOperator.Manager.Statuses;
using TierOperator.Policy;

namespace TierOperator.Manager.Reconciling;

/// <summary>Makes the cluster as a policy says, and says in its status what is true.</summary>
internal sealed class PolicyReconciler(ReconcilerParts parts) : IEntityController<RawObject>
{
    // Without news the numbers of the status are refreshed now and then, and a Secret of the user's is read again.
    private static readonly TimeSpan s_refresh = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_secretsRefresh = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<string, (string Over, RolloutState State)> _written = new(StringComparer.Ordinal);

    /// <summary>
    /// 1. Take what ran before, after a start. 2. Backends. 3. The Secret that pods mount. 4. The next step of the
    /// rollout. 5. Pods that were missed or must restart. 6. Status and Events.
    /// </summary>
    public async Task<ReconciliationResult> ReconcileAsync(RawObject entity, CancellationToken cancellationToken)
    {
        if (parts.Catalog.Find(entity.Metadata.Key) is not { } policy) return ReconciliationResult.Success;

        // A namespace that ends takes everything with it, and lets nothing new in.
        if (parts.Pods.IsEnding(entity.Metadata.Namespace)) return ReconciliationResult.Success;
        var rollout = Published(policy);
        if (policy.Running is null && rollout.Stable is { } published) policy = Restore(policy, published);

        var backends = await parts.Backends.ReconcileAsync(policy, cancellationToken);
        var pods = parts.Pods.Of(policy);
        var held = new List<string>(backends.Held);
        if (PolicyObjects.RevisionOf(policy) is { } wanted)
        {
            var before = rollout;
            rollout = RolloutPlanner.Next(before, wanted, [.. pods.Injected.Where(pod => pod.IsRunning).Select(Answer)], policy.Spec.Rollout);
            if (await PublishAsync(policy, before, rollout, cancellationToken) is { } conflict) held.Add(conflict);
        }

        parts.Poller.SetRollout(entity.Metadata.Key, rollout.Candidate is not null || IsWaiting(policy, rollout, pods));
        WarnOfConnections(entity.Metadata, policy, pods);
        var again = await parts.Evictions.ReconcileAsync(policy, pods, cancellationToken);
        await WriteStatusAsync(entity, new StatusInputs(policy, rollout, pods)
        {
            ReportOf = parts.Poller.ReportOf, Backends = backends.States, Held = held, Before = policy.Status,
            Shape = policy.Running is null ? null : PodInjector.Shape(policy),
        }, cancellationToken);
        return ReconciliationResult.Again(again ?? (backends.ReadsUserSecrets ? s_secretsRefresh : s_refresh));
    }

    public Task<ReconciliationResult> DeletedAsync(RawObject entity, CancellationToken cancellationToken)
    {
        parts.Poller.SetRollout(entity.Metadata.Key, isUnderWay: false);
        _written.TryRemove(entity.Metadata.Key.ToString(), out _);
        return Task.FromResult(ReconciliationResult.Success);
    }

    // The store hears of our own write a little later. Until then what was written counts, or a wave would step back.
    private RolloutState Published(PolicyObject policy)
    {
        var live = Live(policy);
        if (_written.TryGetValue(policy.Key, out var written) && written.Over == (live?.Metadata.ResourceVersion ?? "")) return written.State;
        _written.TryRemove(policy.Key, out _);
        return live is null ? RolloutState.Empty : RolloutState.Read(JsonObject.Create(live.Body));
    }

    private async Task<string?> PublishAsync(PolicyObject policy, RolloutState before, RolloutState rollout, CancellationToken cancellationToken)
    {
        var over = Live(policy)?.Metadata.ResourceVersion ?? "";
        var conflict = await parts.Applier.ApplyAsync(ResourceTypes.ConfigMaps, PolicyObjects.ConfigMap(policy, rollout), cancellationToken);
        if (conflict is null && rollout != before) _written[policy.Key] = (over, rollout);
        return conflict;
    }

    private RawObject? Live(PolicyObject policy) =>
        parts.Owned.Find(ResourceTypes.ConfigMaps, new ObjectKey(policy.Namespace, ObjectNames.Mounted(policy.Name)));

    private PolicyObject Restore(PolicyObject policy, Revision published)
    {
        if (PolicyLoader.Load(published.Snapshot).Policy is not { } lastGood) return policy;
        parts.Catalog.Seed(new ObjectKey(policy.Namespace, policy.Name), lastGood);
        return policy with { LastGood = lastGood };
    }

    private PodAnswer Answer(PodRecord pod)
    {
        var report = parts.Poller.ReportOf(pod.Metadata.Uid);
        return new PodAnswer(pod.Metadata.Uid, pod.Metadata.Name, report?.Revision, report?.Refused, report?.Reason);
    }

    private bool IsWaiting(PolicyObject policy, RolloutState rollout, PolicyPods pods) =>
        pods.Injected.Any(pod => pod.IsRunning && parts.Poller.ReportOf(pod.Metadata.Uid)?.Revision != (rollout.Stable?.Id ?? policy.Running?.Revision));

    // Past the limit PostgreSQL turns connections away, and which sidecars those are is chance.
    private void WarnOfConnections(ObjectMeta meta, PolicyObject policy, PolicyPods pods)
    {
        if (policy.Running is null || policy.RunningSpec.Tiers?.Postgres is not { Managed: not null, Pool.Max: { } each }) return;
        var wanted = (long)each * pods.Injected.Count;
        if (wanted <= PostgresPlan.MaxConnections) return;
        parts.Events.Record(new KubeEvent(PolicyCatalog.Type, meta, EventKind.Warning, "TooManyConnections",
            $"{pods.Injected.Count} pods with spec.tiers.postgres.pool.max {each} may open {wanted} connections, and the server takes {PostgresPlan.MaxConnections}: lower pool.max, or put PgBouncer before an external server"));
    }

    private async Task WriteStatusAsync(RawObject entity, StatusInputs inputs, CancellationToken cancellationToken)
    {
        var status = StatusComposer.Compose(inputs, parts.Time.GetUtcNow());
        if (!await parts.Client.ApplyStatusIfChangedAsync(PolicyCatalog.Type, entity, status, new ApplyOptions(WellKnown.FieldManager), cancellationToken)) return;
        foreach (var condition in ConditionSet.Of(inputs)) Tell(entity.Metadata, condition, inputs.Before);
    }

    // An Event for every statement that changed; a new policy's first "False, waiting" is no news.
    private void Tell(ObjectMeta policy, Condition condition, JsonNode? before)
    {
        var old = (before?["conditions"] as JsonArray ?? []).FirstOrDefault(entry => entry?["type"]?.ToString() == condition.Type);
        if (old?["status"]?.ToString() == (condition.IsTrue ? "True" : "False") && old["reason"]?.ToString() == condition.Reason) return;
        var isGood = condition.IsTrue != condition.Type is "RestartRequired" or "Conflicted";
        if (old is null && !isGood && condition.Reason is "Waiting" or "NotPublished") return;
        parts.Events.Record(new KubeEvent(PolicyCatalog.Type, policy, isGood ? EventKind.Normal : EventKind.Warning, condition.Reason, $"{condition.Type}: {condition.Message}"));
    }
}
