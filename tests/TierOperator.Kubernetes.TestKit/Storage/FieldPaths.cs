using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>Names every value of an object by its path, elements of keyed lists by their keys.</summary>
internal static class FieldPaths
{
    private const char Separator = '\u001f';

    // Part of every request for the object, owned by nobody.
    private static readonly string[] Identity = ["apiVersion", "kind"];
    private static readonly string[] ServerOwned =
        ["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"];

    public static Dictionary<string, JsonNode?> Of(JsonObject body)
    {
        var paths = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var (name, value) in body)
        {
            if (Identity.Contains(name)) continue;
            if (name == "metadata" && value is JsonObject metadata)
            {
                foreach (var (field, inner) in metadata)
                    if (!ServerOwned.Contains(field)) Walk(name + Separator + field, field, inner, paths);
            }
            else
            {
                Walk(name, name, value, paths);
            }
        }

        return paths;
    }

    /// <summary>The path as the API server's messages write it, more or less.</summary>
    public static string Show(string path) => "." + path.Replace(Separator, '.');

    public static bool IsBelow(string path, string parent) => path.StartsWith(parent + Separator, StringComparison.Ordinal);

    public static string[] Split(string path) => path.Split(Separator);

    private static void Walk(string path, string name, JsonNode? value, Dictionary<string, JsonNode?> paths)
    {
        if (value is JsonObject { Count: > 0 } fields)
        {
            foreach (var (field, inner) in fields) Walk(path + Separator + field, field, inner, paths);
        }
        else if (value is JsonArray { Count: > 0 } list && ListKeys.IsKeyed(name, list))
        {
            foreach (var element in list)
            {
                var place = $"{path}{Separator}[{ListKeys.NameOf(name, element)}]";
                paths[place] = null;
                if (element is JsonObject) Walk(place, "", element, paths);
            }
        }
        else
        {
            paths[path] = value;
        }
    }
}
