using System.Text.Json.Nodes;
using TierOperator.Policy.Fields;

namespace TierOperator.Manager.Crds;

/// <summary>The CustomResourceDefinition of TierPolicy, made of the model, so that neither can leave the other behind.</summary>
internal static class TierPolicyCrd
{
    public const string Name = "tierpolicies.tieroperator.io";

    public static JsonObject Create() => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = Name },
        ["spec"] = new JsonObject
        {
            ["group"] = "tieroperator.io",
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject
            {
                ["kind"] = "TierPolicy", ["listKind"] = "TierPolicyList", ["plural"] = "tierpolicies", ["singular"] = "tierpolicy",
                ["shortNames"] = new JsonArray("tp"),
            },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = "v1alpha1", ["served"] = true, ["storage"] = true,
                ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                ["additionalPrinterColumns"] = Columns(),
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = Schema() },
            }),
        },
    };

    /// <summary>The definition as YAML, the same each time.</summary>
    public static string Write() => "# Made from the policy model by `make crds`: change the model instead.\n" + YamlText.Write(Create());

    private static JsonObject Schema() => new()
    {
        ["description"] = FieldTree.Root.Description,
        ["type"] = "object",
        ["required"] = new JsonArray("spec"),
        ["properties"] = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["description"] = FieldTree.Find("apiVersion")!.Description, ["type"] = "string" },
            ["kind"] = new JsonObject { ["description"] = FieldTree.Find("kind")!.Description, ["type"] = "string" },
            ["metadata"] = new JsonObject { ["type"] = "object" },
            ["spec"] = CrdSchema.Of(FieldTree.Find("spec")!),
            ["status"] = StatusSchema.Create(),
        },
    };

    private static JsonArray Columns() =>
    [
        Column("Ready", "string", """.status.conditions[?(@.type=="Ready")].status""", "Whether the policy is in force, whole."),
        Column("Revision", "string", ".status.revision", "The published snapshot."),
        Column("Pods", "integer", ".status.pods.injected", "Pods that have the sidecar."),
        Column("Age", "date", ".metadata.creationTimestamp", "Since when it exists."),
        Column("Reason", "string", """.status.conditions[?(@.type=="Ready")].reason""", "Why it is ready or not.", 1),
        Column("Backends", "string", """.status.conditions[?(@.type=="BackendsReady")].status""", "Whether Redis and PostgreSQL are there.", 1),
    ];

    private static JsonObject Column(string name, string type, string path, string description, int priority = 0)
    {
        var column = new JsonObject { ["name"] = name, ["type"] = type, ["jsonPath"] = path, ["description"] = description };
        if (priority > 0) column["priority"] = priority;
        return column;
    }
}
