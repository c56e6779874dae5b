using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TierOperator.Manager.Crds;

/// <summary>Writes JSON as YAML that people can read and compare. Texts that YAML could take for something else stand in quotes.</summary>
internal static partial class YamlText
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(JsonObject document)
    {
        var text = new StringBuilder();
        WriteObject(text, document, 0);
        return text.ToString();
    }

    private static void WriteObject(StringBuilder text, JsonObject fields, int depth)
    {
        var isFirst = true;
        foreach (var (name, value) in fields)
        {
            // The first field of a list's element stands behind the element's dash.
            if (!isFirst || text.Length == 0 || text[^1] == '\n') text.Append(' ', depth * 2);
            text.Append(Scalar(name)).Append(':');
            WriteValue(text, value, depth);
            isFirst = false;
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int depth)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } fields:
                text.Append('\n');
                WriteObject(text, fields, depth + 1);
                break;
            case JsonArray { Count: > 0 } list:
                text.Append('\n');
                foreach (var element in list) WriteElement(text, element, depth);
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static void WriteElement(StringBuilder text, JsonNode? element, int depth)
    {
        text.Append(' ', depth * 2).Append("- ");
        if (element is JsonObject { Count: > 0 } fields) WriteObject(text, fields, depth + 1);
        else text.Append(Scalar(element)).Append('\n');
    }

    private static string Scalar(JsonNode? value) =>
        value is JsonValue single && single.TryGetValue<string>(out var text) ? Scalar(text) : value?.ToJsonString(Plain) ?? "null";

    private static string Scalar(string text) => Harmless().IsMatch(text) && !Special().IsMatch(text) ? text : JsonSerializer.Serialize(text, Plain);

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./,'-]+)*$")]
    private static partial Regex Harmless();

    /// <summary>What one version of YAML or another reads as a boolean or null.</summary>
    [GeneratedRegex("^(y|n|yes|no|on|off|true|false|null)$", RegexOptions.IgnoreCase)]
    private static partial Regex Special();
}
