using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Crds;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Hosting;

/// <summary>
/// What charts bring to a cluster, for a manager that runs from the source tree: its namespace and the kind. Without them
/// it could not lead, and a first try would end in a log full of 404.
/// </summary>
internal static class DevelopmentCluster
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(200);

    public static async Task PrepareAsync(KubeClient client, ManagerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var space = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = options.Namespace } };
        await client.ApplyAsync(ResourceTypes.Namespaces, space, new ApplyOptions(WellKnown.FieldManager), cancellationToken);
        await client.ApplyAsync(ResourceTypes.CustomResourceDefinitions, TierPolicyCrd.Create(), new ApplyOptions(WellKnown.FieldManager), cancellationToken);

        // A kind is served a moment after it was taken.
        var since = time.GetTimestamp();
        while ((await ClusterFacts.AskAsync(client, [PolicyCatalog.Type], cancellationToken)).Offered.Count == 0 && time.GetElapsedTime(since) < s_patience)
            await Task.Delay(s_beat, time, cancellationToken);
    }
}
