using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Admission;
using TierOperator.Kubernetes.Events;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Metrics;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Webhooks;

/// <summary>Gives pods their sidecar on their way in. A pod that cannot have one is let in and told, or refused under <c>closed</c>.</summary>
internal sealed class InjectionWebhook(PolicyCatalog catalog, Func<string, bool> namespaceAsks, InjectionSettings settings, EventRecorder events) : IMutationWebhook
{
    public Task<AdmissionResult> MutateAsync(AdmissionRequest request, CancellationToken cancellationToken) => Task.FromResult(Mutate(request));

    private AdmissionResult Mutate(AdmissionRequest request)
    {
        if (request.Object is not { } pod || request.Operation != AdmissionOperation.Create) return AdmissionResult.Allow;
        var result = PodInjector.Inject(new InjectionRequest(pod, request.Key.Namespace, namespaceAsks(request.Key.Namespace)), catalog.In(request.Key.Namespace), settings);
        ManagerMeter.Injected(result.Outcome);
        if (result.IsMissed) Tell(request, pod, result);
        if (result.IsMissed && PodView.IsClosed(pod)) return AdmissionResult.Deny($"no sidecar, and the pod asks for failure mode closed: {result.Message}");
        return new AdmissionResult(true)
        {
            Patch = result.Patch.Count == 0 ? null : result.Patch,
            Warnings = result.Message is null ? [] : [result.IsMissed ? $"no sidecar: {result.Message}" : result.Message],
        };
    }

    // The pod does not exist yet, and may never: what happened is told on its policy, or on its namespace.
    private void Tell(AdmissionRequest request, JsonObject pod, InjectionResult result)
    {
        if (request.IsDryRun) return;
        var name = PodView.Text(pod["metadata"] as JsonObject, "name") ?? PodView.Text(pod["metadata"] as JsonObject, "generateName") + "*";
        var policy = PolicyChoice.Of(PodView.Labels(pod), null, catalog.In(request.Key.Namespace)).Winner;
        var (type, regarding) = policy is null
            ? (ResourceTypes.Namespaces, new ObjectMeta { Name = request.Key.Namespace })
            : (PolicyCatalog.Type, new ObjectMeta { Name = policy.Name, Namespace = policy.Namespace, Uid = policy.Uid });
        events.Record(new KubeEvent(type, regarding, EventKind.Warning, result.Outcome.ToString(), $"pod {name}: {result.Message}", "Inject"));
    }
}
