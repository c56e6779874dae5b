using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.Client;

/// <summary>What becomes of the objects that a deleted object owns.</summary>
public enum DeletePropagation { Background, Foreground, Orphan }

/// <summary>How an object is deleted.</summary>
/// <param name="Propagation">What becomes of what it owns.</param>
/// <param name="Uid">Deletes only this very object, not a later one of the same name; null for whichever stands there.</param>
public sealed record DeleteOptions(DeletePropagation Propagation = DeletePropagation.Background, string? Uid = null)
{
    internal JsonObject ToJson()
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = Propagation.ToString() };
        if (Uid is not null) options["preconditions"] = new JsonObject { ["uid"] = Uid };
        return options;
    }
}
