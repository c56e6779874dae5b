using System.Text.Json.Nodes;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Injection;

/// <summary>What injection asks of a pod. Tolerates every shape: a list that is no list is empty, a wrong type is absent.</summary>
internal static class PodView
{
    public static Dictionary<string, string> Labels(JsonObject pod) => Texts(pod["metadata"] as JsonObject, "labels");

    public static Dictionary<string, string> Annotations(JsonObject pod) => Texts(pod["metadata"] as JsonObject, "annotations");

    public static IEnumerable<JsonObject> List(JsonObject pod, string list) =>
        ((pod["spec"] as JsonObject)?[list] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>The place of the element with this name, -1 where there is none.</summary>
    public static int IndexOf(JsonObject pod, string list, string name)
    {
        if ((pod["spec"] as JsonObject)?[list] is not JsonArray elements) return -1;
        for (var i = 0; i < elements.Count; i++)
            if (elements[i] is JsonObject element && Text(element, "name") == name) return i;
        return -1;
    }

    public static string? Text(JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static bool IsTrue(JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    public static long? Number(JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    /// <summary>Containers that run beside the app: its own, and init containers that keep running.</summary>
    public static IEnumerable<JsonObject> Running(JsonObject pod) =>
        List(pod, "containers").Concat(List(pod, "initContainers").Where(container => Text(container, "restartPolicy") == "Always"));

    public static bool IsClosed(JsonObject pod) => Labels(pod).GetValueOrDefault(WellKnown.FailureMode) == "closed";

    private static Dictionary<string, string> Texts(JsonObject? parent, string name)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in parent?[name] as JsonObject ?? [])
            if (value is JsonValue scalar && scalar.TryGetValue<string>(out var text)) texts[key] = text;
        return texts;
    }
}
