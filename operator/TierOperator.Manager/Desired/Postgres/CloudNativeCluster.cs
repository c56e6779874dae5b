using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Desired.Postgres;

/// <summary>The Cluster that the CloudNativePG operator runs.</summary>
internal static class CloudNativeCluster
{
    public static ResourceType Type { get; } = new("postgresql.cnpg.io", "v1", "clusters", "Cluster");

    public static string NameOf(PolicyObject policy) => ObjectNames.Backend(policy.Name, PostgresPlan.Component);

    // Under Retain it carries no owner: the database is not deleted with the policy.
    public static JsonObject For(PolicyObject policy, CloudNativePostgresDocument document)
    {
        var isKept = policy.RunningSpec.DeletionPolicy != DeletionPolicy.Delete;
        var cluster = OwnedObject.Of(policy, Type.ApiVersion, Type.Kind, NameOf(policy), PostgresPlan.Component, isKept);
        cluster["spec"] = new JsonObject
        {
            ["instances"] = document.Instances!.Value,
            ["storage"] = new JsonObject { ["size"] = document.Storage!.Value.ToString() },
            ["bootstrap"] = new JsonObject { ["initdb"] = new JsonObject { ["database"] = "tier", ["owner"] = "tier" } },
        };
        return cluster;
    }
}
