using System.Text.Json.Nodes;

namespace TierOperator.Manager.Crds;

/// <summary>The schema of the status. Fields of a newer operator than this schema are kept: an upgrade need not be in one step.</summary>
internal static class StatusSchema
{
    private const int MostMessage = 32768;

    public static JsonObject Create() => new()
    {
        ["description"] = "What is true of the policy, as the operator sees it.",
        ["type"] = "object",
        ["x-kubernetes-preserve-unknown-fields"] = true,
        ["properties"] = new JsonObject
        {
            ["observedGeneration"] = Count("The generation of the policy that the rest speaks of."),
            ["revision"] = Text("The SHA-256 of the published snapshot, short.", 64),
            ["conditions"] = Conditions(),
            ["pods"] = Pods(),
            ["tiers"] = Tiers(),
            ["recommendations"] = Recommendations(),
        },
    };

    private static JsonObject Conditions()
    {
        var list = List("Accepted, BackendsReady, Injected, Programmed, Ready, and what else is worth a condition.", new JsonObject
        {
            ["type"] = Text("Its name.", 316),
            ["status"] = Enum("Whether it holds.", "True", "False", "Unknown"),
            ["reason"] = Text("One word for programs.", 1024),
            ["message"] = Text("A sentence for people.", MostMessage),
            ["observedGeneration"] = Count("The generation of the policy that it speaks of."),
            ["lastTransitionTime"] = new JsonObject { ["description"] = "Since when it has this status.", ["type"] = "string", ["format"] = "date-time" },
        });
        list["x-kubernetes-list-type"] = "map";
        list["x-kubernetes-list-map-keys"] = new JsonArray("type");
        list["items"]!["required"] = new JsonArray("type", "status", "reason", "message", "lastTransitionTime");
        return list;
    }

    private static JsonObject Pods() => Object("The policy's pods, counted.", new JsonObject
    {
        ["selected"] = Count("Pods that the policy selects."),
        ["injected"] = Count("Of these, pods that have the sidecar."),
        ["current"] = Count("Of these, pods that run the published revision."),
        ["stale"] = Count("Pods that run an older one."),
        ["rejected"] = Count("Pods whose sidecar refused it."),
    });

    private static JsonObject Tiers()
    {
        var list = List("The tiers over all pods.", new JsonObject
        {
            ["name"] = Text("The tier.", 63),
            ["state"] = Text("Healthy, Degraded or Unavailable.", 63),
            ["hitRatio"] = Text("Hits of all reads, 0 to 1.", 16),
            ["bytes"] = Count("What it holds."),
            ["sessions"] = Count("How many sessions it holds."),
        });
        list["x-kubernetes-list-type"] = "map";
        list["x-kubernetes-list-map-keys"] = new JsonArray("name");
        list["items"]!["required"] = new JsonArray("name");
        return list;
    }

    private static JsonObject Recommendations()
    {
        var list = List("What the simulation of the recorded accesses would change.", new JsonObject
        {
            ["rule"] = Text("The rule.", 63), ["field"] = Text("The field.", 253), ["current"] = Text("Its value.", 253),
            ["proposed"] = Text("The value to write.", 253), ["because"] = Text("Why.", 1024),
            ["predicted"] = Object("What would follow.", new JsonObject { ["hitRatio"] = Text("Hits of all reads, 0 to 1.", 16), ["bytes"] = Count("What the tier would hold.") }),
        });
        list["x-kubernetes-list-type"] = "atomic";
        return list;
    }

    private static JsonObject List(string description, JsonObject properties) => new()
    {
        ["description"] = description, ["type"] = "array", ["maxItems"] = 100,
        ["items"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true, ["properties"] = properties },
    };

    private static JsonObject Object(string description, JsonObject properties) =>
        new() { ["description"] = description, ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true, ["properties"] = properties };

    private static JsonObject Text(string description, int most) => new() { ["description"] = description, ["type"] = "string", ["maxLength"] = most };

    private static JsonObject Count(string description) => new() { ["description"] = description, ["type"] = "integer", ["format"] = "int64", ["minimum"] = 0 };

    private static JsonObject Enum(string description, params string[] values) =>
        new() { ["description"] = description, ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]) };
}
