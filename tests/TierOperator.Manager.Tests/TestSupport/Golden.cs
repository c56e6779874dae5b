using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>Folders of input and expected output under Golden. TIER_UPDATE_GOLDEN=1 rewrites what is expected.</summary>
internal static class Golden
{
    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Root { get; } = FindRoot();

    private static string Folder => Path.Combine(Root, "tests", "TierOperator.Manager.Tests", "Golden");

    public static IEnumerable<string> Cases(string kind) =>
        Directory.EnumerateDirectories(Path.Combine(Folder, kind)).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    public static string PathOf(string kind, string name, string file) => Path.Combine(Folder, kind, name, file);

    public static JsonNode Read(string kind, string name, string file) => Yaml(File.ReadAllText(PathOf(kind, name, file)));

    public static void Compare(string kind, string name, string file, JsonNode actual)
    {
        var path = PathOf(kind, name, file);
        var text = actual.ToJsonString(s_readable) + "\n";
        if (Environment.GetEnvironmentVariable("TIER_UPDATE_GOLDEN") == "1") File.WriteAllText(path, text);
        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(expected == text, $"{Path.GetRelativePath(Root, path)} is stale: run the tests with TIER_UPDATE_GOLDEN=1 and look at the change. Now:\n{text}");
    }

    /// <summary>A YAML document as the API server would hold it: plain scalars by the core schema, quoted ones as text.</summary>
    public static JsonNode Yaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return Convert(stream.Documents[0].RootNode)!;
    }

    public static IEnumerable<JsonNode> YamlStreamOf(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(document => Convert(document.RootNode)!)];
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value!, Convert(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: not YamlDotNet.Core.ScalarStyle.Plain } scalar => scalar.Value,
        YamlScalarNode { Value: "" or "~" or "null" } => null,
        YamlScalarNode { Value: "true" or "false" } scalar => scalar.Value == "true",
        YamlScalarNode scalar => long.TryParse(scalar.Value, out var number) ? number : scalar.Value,
        _ => throw new NotSupportedException(),
    };

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TierOperator.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests do not stand in the repository");
        return folder;
    }
}
