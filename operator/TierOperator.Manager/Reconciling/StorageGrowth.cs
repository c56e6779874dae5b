using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// Grows volumes. A StatefulSet's claims cannot change, so: the claims are expanded, and the set is deleted without its
/// pods, which go on; the set that is applied next adopts them.
/// </summary>
internal sealed class StorageGrowth(KubeClient client, OwnedObjects owned)
{
    public async Task GrowAsync(PolicyObject policy, JsonObject desired, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(policy.Namespace, desired["metadata"]!["name"]!.GetValue<string>());
        var wanted = desired["spec"]!["volumeClaimTemplates"]?[0]?["spec"]?["resources"]?["requests"]?["storage"]?.GetValue<string>();
        if (wanted is null || owned.Find(ResourceTypes.StatefulSets, key) is not { } live || SizeOf(live.Body) is not { } size || size == wanted) return;
        foreach (var claim in owned.Of(ResourceTypes.PersistentVolumeClaims, policy.Namespace, policy.Name))
        {
            if (!claim.Metadata.Name.StartsWith($"data-{key.Name}-", StringComparison.Ordinal)) continue;
            var patch = new JsonArray(new JsonObject { ["op"] = "replace", ["path"] = "/spec/resources/requests/storage", ["value"] = wanted });
            await client.PatchAsync(ResourceTypes.PersistentVolumeClaims, claim.Metadata.Key, patch, cancellationToken);
        }

        await client.DeleteAsync(ResourceTypes.StatefulSets, key, new DeleteOptions(DeletePropagation.Orphan, live.Metadata.Uid), cancellationToken);
    }

    private static string? SizeOf(JsonElement set)
    {
        var template = JsonFields.List(JsonFields.Object(set, "spec"), "volumeClaimTemplates").FirstOrDefault();
        var requests = JsonFields.Object(JsonFields.Object(JsonFields.Object(template, "spec"), "resources"), "requests");
        return JsonFields.Text(requests, "storage");
    }
}
