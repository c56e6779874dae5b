using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Events;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Names;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Statuses;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// Carries out a <see cref="RestoreRequest"/>, a step each time it is looked at:
/// 1. the server is stopped, and nothing goes on before its last pod is gone: two would write into one volume;
/// 2. a Job takes the volume back;
/// 3. the answer is written beside the request. Only then does the server start, so that a request is never carried out
///    twice, whatever becomes of the Job.
/// Where the Job fails the volume is as it was, and the server starts on it.
/// </summary>
internal sealed class PostgresRestores(KubeClient client, ObjectApplier applier, OwnedObjects owned, ObjectStore<PodRecord> pods, EventRecorder events)
{
    /// <summary>What stands in the way of the server now; null where it may run.</summary>
    public async Task<BackendState?> NextAsync(PostgresPlan plan, CancellationToken cancellationToken)
    {
        if (RestoreRequest.Of(plan.Policy) is not { } request) return null;
        if (!request.IsReadable) return await AnswerAsync(plan, request, "Failed: the time is not readable, write 2026-01-01T02:03:04Z", cancellationToken);
        if (plan.Backup is null) return await AnswerAsync(plan, request, "Failed: the policy has no spec.tiers.postgres.managed.backup", cancellationToken);
        var job = owned.Find(ResourceTypes.Jobs, new ObjectKey(plan.Policy.Namespace, PostgresJobs.NameOf(plan, request)));
        if (job is not null) return await JudgeAsync(plan, request, job, cancellationToken);
        if (Running(plan) is { } waiting) return new BackendState("postgres", false, "Restoring", waiting);
        await applier.ApplyAsync(ResourceTypes.Jobs, PostgresJobs.Restore(plan, request), cancellationToken);
        return new BackendState("postgres", false, "Restoring", $"the volume is taken back to {Described(request)}");
    }

    private async Task<BackendState?> JudgeAsync(PostgresPlan plan, RestoreRequest request, RawObject job, CancellationToken cancellationToken)
    {
        var status = JsonFields.Object(job.Body, "status");
        if (JsonFields.Number(status, "succeeded") > 0) return await AnswerAsync(plan, request, "Succeeded", cancellationToken);
        var failed = JsonFields.List(status, "conditions").FirstOrDefault(condition => JsonFields.Text(condition, "type") == "Failed" && JsonFields.Text(condition, "status") == "True");
        if (failed.ValueKind == System.Text.Json.JsonValueKind.Undefined)
            return new BackendState("postgres", false, "Restoring", $"the volume is taken back to {Described(request)}");
        return await AnswerAsync(plan, request, $"Failed: {JsonFields.Text(failed, "reason")}; see kubectl logs job/{job.Metadata.Name}. The data is as it was", cancellationToken);
    }

    // Both the set and the pods are asked: the set says that it was told, the pods that nobody writes any more.
    private string? Running(PostgresPlan plan)
    {
        var set = owned.Find(ResourceTypes.StatefulSets, new ObjectKey(plan.Policy.Namespace, plan.Name));
        var isTold = set is null || JsonFields.Number(JsonFields.Object(set.Body, "spec"), "replicas") == 0;
        var owner = ObjectNames.LabelValue(plan.Policy.Name);
        var left = pods.In(plan.Policy.Namespace).FirstOrDefault(pod => !pod.HasEnded
            && pod.Metadata.Labels.GetValueOrDefault(WellKnown.Owner) == owner && pod.Metadata.Labels.GetValueOrDefault(WellKnown.Component) == PostgresPlan.Component);
        if (isTold && left is null) return null;
        return left is null ? "the server is being stopped" : $"the server is being stopped: {left.Metadata.Name} still runs";
    }

    private async Task<BackendState?> AnswerAsync(PostgresPlan plan, RestoreRequest request, string outcome, CancellationToken cancellationToken)
    {
        var policy = plan.Policy;
        var answer = new JsonArray(
            new JsonObject { ["op"] = "test", ["path"] = JsonPointer.Annotation(WellKnown.Restore), ["value"] = request.Text },
            new JsonObject { ["op"] = "add", ["path"] = JsonPointer.Annotation(WellKnown.Restored), ["value"] = $"{request.Text} {outcome}" });
        await client.PatchAsync(PolicyCatalog.Type, new ObjectKey(policy.Namespace, policy.Name), answer, cancellationToken);
        var kind = outcome == "Succeeded" ? EventKind.Normal : EventKind.Warning;
        events.Record(new KubeEvent(PolicyCatalog.Type, new ObjectMeta { Name = policy.Name, Namespace = policy.Namespace, Uid = policy.Uid }, kind, outcome == "Succeeded" ? "Restored" : "RestoreFailed", $"restore to {Described(request)}: {outcome}", "Restore"));
        return null;
    }

    private static string Described(RestoreRequest request) => request.To is null ? "the newest that is archived" : request.TimeText;
}
