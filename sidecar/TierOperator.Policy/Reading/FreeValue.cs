using System.Globalization;
using System.Text.Json.Nodes;

namespace TierOperator.Policy.Reading;

/// <summary>Turns a part of the document that others own into JSON, as kubectl would.</summary>
internal static class FreeValue
{
    /// <summary>The value; JSON's null for YAML's. Depth is bounded by the composer.</summary>
    public static JsonNode? Read(SourceNode node) => node switch
    {
        SourceMapping mapping => ReadMapping(mapping),
        SourceSequence sequence => new JsonArray([.. sequence.Items.Select(Read)]),
        SourceScalar scalar => ReadScalar(scalar),
        _ => null,
    };

    private static JsonObject ReadMapping(SourceMapping mapping)
    {
        var result = new JsonObject();
        foreach (var (key, value) in mapping.Entries) result[key.Value] = Read(value);
        return result;
    }

    private static JsonValue? ReadScalar(SourceScalar scalar) => scalar.Type switch
    {
        ScalarType.Null => null,
        ScalarType.Boolean => JsonValue.Create(scalar.Value[0] is 't' or 'T'),
        ScalarType.Integer when long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        ScalarType.Number when double.TryParse(scalar.Value, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(scalar.Value),
    };
}
