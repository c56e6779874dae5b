using System.Text.Json;
using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.Objects;

/// <summary>Who made an object: with the owner's deletion the object is collected.</summary>
public sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid, bool IsController)
{
    public static OwnerReference Read(JsonElement reference) => new(
        JsonFields.Text(reference, "apiVersion") ?? "", JsonFields.Text(reference, "kind") ?? "",
        JsonFields.Text(reference, "name") ?? "", JsonFields.Text(reference, "uid") ?? "",
        JsonFields.Flag(reference, "controller"));

    /// <summary>A reference that makes the owner the one controller of the object.</summary>
    public static OwnerReference ControllerOf(ResourceType type, ObjectMeta owner) =>
        new(type.ApiVersion, type.Kind, owner.Name, owner.Uid, true);

    public JsonObject ToJson()
    {
        var reference = new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = Kind, ["name"] = Name, ["uid"] = Uid };
        if (IsController) (reference["controller"], reference["blockOwnerDeletion"]) = (true, true);
        return reference;
    }
}
