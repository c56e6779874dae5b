using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>By what the elements of a list are told apart in server-side apply, for the lists of Kubernetes' own kinds.</summary>
internal static class ListKeys
{
    private static readonly Dictionary<string, string[]> Keys = new()
    {
        ["containers"] = ["name"], ["initContainers"] = ["name"], ["volumes"] = ["name"], ["env"] = ["name"],
        ["volumeMounts"] = ["mountPath"], ["conditions"] = ["type"], ["ownerReferences"] = ["uid"],
        ["imagePullSecrets"] = ["name"], ["webhooks"] = ["name"],
    };

    /// <summary>What names an element of the list; null where the list is one value.</summary>
    public static string? NameOf(string list, JsonNode? element)
    {
        if (list == "finalizers") return element?.ToJsonString();
        if (element is not JsonObject entry) return null;
        if (list == "ports")
            return $"{(entry["containerPort"] ?? entry["port"])?.ToJsonString()},{entry["protocol"]?.GetValue<string>() ?? "TCP"}";
        return Keys.TryGetValue(list, out var keys) ? string.Join(',', keys.Select(key => entry[key]?.ToJsonString())) : null;
    }

    public static bool IsKeyed(string list, JsonArray elements) => elements.Count == 0
        ? list is "finalizers" or "ports" || Keys.ContainsKey(list)
        : elements.All(element => NameOf(list, element) is not null);
}
