using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Policy.Faults;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>The forms in which programs get the answers of <c>tier policy</c>.</summary>
internal static class PolicyJson
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject File(PolicyFile file) => new()
    {
        ["file"] = file.Name,
        ["valid"] = file.Result.IsValid,
        ["revision"] = file.Result.Policy?.Revision,
        ["faults"] = Faults(file.Result.Faults),
        ["warnings"] = Faults(file.Result.Warnings),
    };

    public static void Write(TextWriter output, JsonNode node) => output.WriteLine(Text(node, s_options));

    /// <summary>A node in one line.</summary>
    public static string Line(JsonNode node) => Text(node, s_options with { Indented = false });

    private static string Text(JsonNode node, JsonWriterOptions options)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, options)) node.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static JsonArray Faults(IEnumerable<PolicyFault> faults) => [.. faults.Select(fault => (JsonNode)new JsonObject
    {
        ["code"] = fault.Code,
        ["path"] = fault.Path,
        ["line"] = fault.Line,
        ["column"] = fault.Column,
        ["message"] = fault.Message,
        ["help"] = fault.Help,
    })];
}
