using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TierOperator.Manager.Crds;

/// <summary>The good and bad documents of the policy language, as kubectl would send them.</summary>
internal static class PolicyDocuments
{
    private static readonly string Folder = Path.Combine(Repository(), "tests", "TierOperator.Policy.Tests", "Documents");

    public static IEnumerable<string> Names(string kind) =>
        Directory.GetFiles(Path.Combine(Folder, kind), "*.yaml").Select(Path.GetFileNameWithoutExtension).OfType<string>().Order(StringComparer.Ordinal);

    /// <summary>The document as JSON; null for a text that is no YAML mapping, which never reaches a server.</summary>
    public static JsonObject? Read(string kind, string name)
    {
        try
        {
            var yaml = new YamlStream();
            using var reader = new StreamReader(Path.Combine(Folder, kind, name + ".yaml"));
            yaml.Load(reader);
            return yaml.Documents.Count == 1 ? ToJson(yaml.Documents[0].RootNode, 0, new Budget()) as JsonObject : null;
        }
        catch (YamlException)
        {
            return null;
        }
    }

    public static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TierOperator.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    private static JsonNode? ToJson(YamlNode node, int depth, Budget budget) => node switch
    {
        // Aliases of aliases: a few lines that stand for billions, or for themselves.
        _ when depth > 40 || --budget.Nodes < 0 => throw new YamlException("too many nodes"),
        YamlMappingNode map => new JsonObject(map.Children.Select(entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value!, ToJson(entry.Value, depth + 1, budget)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(element => ToJson(element, depth + 1, budget))]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => Plain(scalar.Value!),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new YamlException("an alias to nothing"),
    };

    private static JsonValue? Plain(string text)
    {
        if (text is "" or "~" or "null") return null;
        if (bool.TryParse(text, out var flag)) return JsonValue.Create(flag);
        if (long.TryParse(text, out var number)) return JsonValue.Create(number);
        return double.TryParse(text, out var real) && double.IsFinite(real) ? JsonValue.Create(real) : JsonValue.Create(text);
    }

    private sealed class Budget
    {
        public int Nodes { get; set; } = 10_000;
    }
}
