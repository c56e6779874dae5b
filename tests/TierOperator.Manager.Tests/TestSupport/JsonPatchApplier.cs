using System.Text.Json.Nodes;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>Applies RFC 6902 as an API server does: strictly, so that a path into nothing fails the test.</summary>
internal static class JsonPatchApplier
{
    public static JsonObject Apply(JsonObject document, JsonArray patch)
    {
        var result = (JsonObject)document.DeepClone();
        foreach (var operation in patch) Apply(result, operation!);
        return result;
    }

    private static void Apply(JsonObject document, JsonNode operation)
    {
        var tokens = operation["path"]!.GetValue<string>().Split('/')[1..].Select(token => token.Replace("~1", "/").Replace("~0", "~")).ToArray();
        JsonNode parent = document;
        foreach (var token in tokens[..^1])
            parent = (parent is JsonArray list ? list[int.Parse(token)] : parent[token]) ?? throw new InvalidOperationException($"nothing at {operation["path"]}");
        var (op, last, value) = (operation["op"]!.GetValue<string>(), tokens[^1], operation["value"]?.DeepClone());
        if (parent is JsonArray array) ApplyTo(array, op, last, value);
        else ApplyTo((JsonObject)parent, op, last, value);
    }

    private static void ApplyTo(JsonArray array, string op, string token, JsonNode? value)
    {
        if (op == "add" && token == "-") array.Add(value);
        else if (op == "add") array.Insert(int.Parse(token), value);
        else if (op == "remove") array.RemoveAt(int.Parse(token));
        else throw new InvalidOperationException($"{op} in a list is not expected");
    }

    private static void ApplyTo(JsonObject parent, string op, string token, JsonNode? value)
    {
        if (op == "replace" && !parent.ContainsKey(token)) throw new InvalidOperationException($"nothing to replace at {token}");
        if (op == "remove") parent.Remove(token);
        else parent[token] = value;
    }
}
