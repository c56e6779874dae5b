using System.Net;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Controllers;

/// <summary>
/// Puts our finalizers on entities, runs them when a deletion was asked for, and takes them off, wherever in the list
/// they stand and whoever else changes the list at the same time.
/// </summary>
internal sealed class FinalizerRunner<T>(KubeClient client, ResourceType type, IReadOnlyList<IEntityFinalizer<T>> finalizers)
    where T : class, IKubeObject
{
    private const int MostAttempts = 10;

    public async Task AddMissingAsync(T entity, CancellationToken cancellationToken)
    {
        foreach (var finalizer in finalizers)
            if (!entity.Metadata.Finalizers.Contains(finalizer.Identifier))
                await ChangeAsync(entity.Metadata, finalizer.Identifier, Addition, cancellationToken);
    }

    /// <summary>Also called for entities that were being deleted before this program started.</summary>
    public async Task<ReconciliationResult> RunAsync(T entity, CancellationToken cancellationToken)
    {
        foreach (var finalizer in finalizers)
        {
            if (!entity.Metadata.Finalizers.Contains(finalizer.Identifier)) continue;
            var result = await finalizer.FinalizeAsync(entity, cancellationToken);
            if (!result.IsSuccess || result.RequeueAfter is not null) return result;

            // The work is done and this is its commit: ending here would do it all again for an entity half taken apart.
            await ChangeAsync(entity.Metadata, finalizer.Identifier, Removal, CancellationToken.None);
        }

        return ReconciliationResult.Success;
    }

    /// <summary>Reads the list as it is now, and changes it only if it still is so: others change it too.</summary>
    private async Task ChangeAsync(ObjectMeta entity, string identifier, Func<JsonArray?, string, JsonArray?> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var current = await client.GetAsync(type, entity.Key, cancellationToken);
            if (current?["metadata"] is not JsonObject metadata || metadata["uid"]?.GetValue<string>() != entity.Uid) return;
            if (change(metadata["finalizers"] as JsonArray, identifier) is not { } operations) return;
            operations.Insert(0, Operation("test", "/metadata/resourceVersion", metadata["resourceVersion"]!.DeepClone()));
            try
            {
                await client.PatchAsync(type, entity.Key, operations, cancellationToken);
                return;
            }
            catch (KubeApiException error) when (error.IsNotFound)
            {
                return;
            }
            catch (KubeApiException error) when (IsLostRace(error) && attempt < MostAttempts)
            {
                // Somebody was faster: look again.
            }
        }
    }

    private static bool IsLostRace(KubeApiException error) => error.Status is HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity;

    private static JsonArray? Addition(JsonArray? list, string identifier)
    {
        if (list is null) return [Operation("add", "/metadata/finalizers", new JsonArray(identifier))];
        return PlaceOf(list, identifier) >= 0 ? null : [Operation("add", "/metadata/finalizers/-", identifier)];
    }

    private static JsonArray? Removal(JsonArray? list, string identifier)
    {
        var place = list is null ? -1 : PlaceOf(list, identifier);
        return place < 0 ? null : [new JsonObject { ["op"] = "remove", ["path"] = $"/metadata/finalizers/{place}" }];
    }

    private static int PlaceOf(JsonArray list, string identifier)
    {
        for (var place = 0; place < list.Count; place++)
            if (list[place]?.GetValue<string>() == identifier) return place;
        return -1;
    }

    private static JsonObject Operation(string name, string path, JsonNode value) => new() { ["op"] = name, ["path"] = path, ["value"] = value };
}
