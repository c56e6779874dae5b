using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit;

/// <summary>Small objects for tests.</summary>
public static class Samples
{
    public static JsonObject ConfigMap(string name, string value = "1", string @namespace = "default") => new()
    {
        ["apiVersion"] = "v1", ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = @namespace },
        ["data"] = new JsonObject { ["value"] = value },
    };

    public static JsonObject Pod(string name, JsonObject? labels = null, string @namespace = "default") => new()
    {
        ["apiVersion"] = "v1", ["kind"] = "Pod",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = @namespace, ["labels"] = labels ?? [] },
        ["spec"] = new JsonObject
        {
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "app", ["image"] = "app:1" }),
        },
    };

    public static ObjectKey Default(string name) => new("default", name);
}
