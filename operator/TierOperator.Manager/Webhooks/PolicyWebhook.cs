using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Admission;
using TierOperator.Manager.Desired;
using TierOperator.Policy;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Manager.Webhooks;

/// <summary>Refuses policies with faults, with every fault, and changes that would lose data.</summary>
internal sealed class PolicyWebhook : IValidationWebhook
{
    // The API server cuts a warning at 256 characters; the cut is ours, where it ends in a whole word or not.
    private const int LongestWarning = 250;

    public Task<AdmissionResult> ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken) => Task.FromResult(Validate(request));

    private static AdmissionResult Validate(AdmissionRequest request)
    {
        // A policy that is on its way out must be able to lose its finalizers, however faulty it is.
        if (request.Object is not { } written || written["metadata"]?["deletionTimestamp"] is not null) return AdmissionResult.Allow;

        // Whoever touches labels or finalizers of a policy with faults did not write them: the operator itself, for one.
        if (request.OldObject is { } stored && JsonNode.DeepEquals(stored["spec"], written["spec"])) return AdmissionResult.Allow;
        var loaded = PolicyLoader.Load(written.ToJsonString());
        if (!loaded.IsValid) return AdmissionResult.Deny(Lines(loaded.Faults.Count, loaded.Faults.Select(fault => $"{fault.Code} {fault.Path}: {fault.Message}; {fault.Help}")));
        var changes = Refusals(request.OldObject, loaded).ToList();
        if (changes.Count > 0) return AdmissionResult.Deny(Lines(changes.Count, changes));
        return new AdmissionResult(true)
        {
            Warnings = [.. loaded.Warnings.Select(warning => Cut($"{warning.Code} {warning.Path}: {warning.Message}; {warning.Help}"))],
        };
    }

    private static IEnumerable<string> Refusals(JsonObject? old, PolicyLoadResult loaded)
    {
        if (loaded.Snapshot.Length > PolicyObjects.MostSnapshotBytes)
            yield return $"the policy has {loaded.Snapshot.Length} bytes in canonical form, and at most {PolicyObjects.MostSnapshotBytes} reach a pod: split it";
        if (old is null || PolicyLoader.Load(old.ToJsonString()).Policy?.Effective?.Spec?.Tiers is not { } before) yield break;
        var after = loaded.Policy!.Effective!.Spec!.Tiers!;
        foreach (var (path, was, now) in Storages(before, after))
            if (now < was) yield return $"{path}: {now} is less than the {was} that the volumes have, and volumes do not shrink: delete the policy and its volumes, or keep the size";
        if (before.Postgres?.Managed?.Version is { } major && after.Postgres?.Managed?.Version is { } wanted && major != wanted)
            yield return $"spec.tiers.postgres.managed.version: from {major} to {wanted} is a major version, whose files another server cannot read: dump the database, make a policy of another name with the new version, load the dump, move the pods over";
        if (before.Redis?.Managed is { } redis && after.Redis?.Managed is { } changed && redis.Topology != changed.Topology)
            yield return $"spec.tiers.redis.managed.topology: {redis.Topology} does not become {changed.Topology} in place: make a policy of another name, and move the pods over";
    }

    private static IEnumerable<(string Path, Quantity Was, Quantity Now)> Storages(TiersDocument before, TiersDocument after)
    {
        if (before.Redis?.Managed is { Persistence: not RedisPersistence.None, Storage: { } redis } && after.Redis?.Managed?.Storage is { } newRedis)
            yield return ("spec.tiers.redis.managed.storage", redis, newRedis);
        if (before.Postgres?.Managed?.Storage is { } postgres && after.Postgres?.Managed?.Storage is { } newPostgres)
            yield return ("spec.tiers.postgres.managed.storage", postgres, newPostgres);
        if (before.Postgres?.CloudNativePG?.Storage is { } cloud && after.Postgres?.CloudNativePG?.Storage is { } newCloud)
            yield return ("spec.tiers.postgres.cloudNativePG.storage", cloud, newCloud);
    }

    private static string Lines(int count, IEnumerable<string> lines) => $"{count} faults:\n" + string.Join("\n", lines);

    private static string Cut(string text) => text.Length <= LongestWarning ? text : text[..LongestWarning] + "…";
}
