using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Desired;

/// <summary>The frame of every object that belongs to a policy.</summary>
internal static class OwnedObject
{
    /// <summary>The object with name, labels and owner; with the owner goes the object.</summary>
    /// <param name="isKept">True for what outlives the policy: it carries no owner.</param>
    public static JsonObject Of(PolicyObject policy, string apiVersion, string kind, string name, string component, bool isKept = false)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = policy.Namespace, ["labels"] = Labels(policy, component) };
        if (!isKept) metadata["ownerReferences"] = new JsonArray(OwnerOf(policy));
        return new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = metadata };
    }

    public static JsonObject Labels(PolicyObject policy, string component) => new()
    {
        ["app.kubernetes.io/managed-by"] = WellKnown.FieldManager,
        [WellKnown.Owner] = ObjectNames.LabelValue(policy.Name),
        [WellKnown.Component] = component,
    };

    /// <summary>What selects the pods of a component: labels that never change, because a StatefulSet's selector cannot.</summary>
    public static JsonObject Selector(PolicyObject policy, string component) => new()
    {
        [WellKnown.Owner] = ObjectNames.LabelValue(policy.Name),
        [WellKnown.Component] = component,
    };

    private static JsonObject OwnerOf(PolicyObject policy) => new()
    {
        ["apiVersion"] = "tieroperator.io/v1alpha1", ["kind"] = "TierPolicy", ["name"] = policy.Name, ["uid"] = policy.Uid,
        ["controller"] = true, ["blockOwnerDeletion"] = true,
    };
}
