using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Reference;

/// <summary>
/// The JSON Schema of the document, for editors: names, types, forms and bounds of fields. What must hold between
/// fields only the validator knows. Draft 2020-12.
/// </summary>
public static class JsonSchema
{
    private const string Address = "https://tieroperator.io/schema/tierpolicy.schema.json";

    /// <summary>The schema as text, the same each time.</summary>
    public static string Write()
    {
        var schema = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["$id"] = Address, ["title"] = TierPolicyDocument.KindName };
        foreach (var (key, value) in SchemaOf(FieldTree.Root).ToList())
        {
            schema[key] = value?.DeepClone();
        }

        schema["properties"]!["apiVersion"]!["const"] = TierPolicyDocument.Version;
        schema["properties"]!["kind"]!["const"] = TierPolicyDocument.KindName;
        var options = new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        return schema.ToJsonString(options) + "\n";
    }

    private static JsonObject SchemaOf(FieldDescription field)
    {
        var schema = TypeOf(field);
        schema["description"] = Describe(field);
        if (field.Default is { } text && field.Kind != FieldKind.Object) schema["default"] = DefaultOf(field, text);
        return schema;
    }

    /// <summary>What is said of a field: its description, a default that depends on others, and what a change costs.</summary>
    public static string Describe(FieldDescription field)
    {
        var note = field.DefaultNote is null ? "" : $" Default: {field.DefaultNote}.";
        return field.Path.Length == 0 ? field.Description : $"{field.Description}{note} ({field.Effect})";
    }

    private static JsonObject TypeOf(FieldDescription field) => field.Kind switch
    {
        FieldKind.Object => ObjectOf(field),
        FieldKind.Map => MapOf(field),
        FieldKind.List => ListOf(field),
        FieldKind.Text => TextOf(field),
        FieldKind.Integer => Bounded(new JsonObject { ["type"] = "integer" }, "minimum", field.MinValue, "maximum", field.MaxValue),
        FieldKind.Boolean => new JsonObject { ["type"] = "boolean" },
        FieldKind.Enumeration => new JsonObject { ["enum"] = new JsonArray([.. field.EnumValues.Select(value => JsonValue.Create(value))]) },
        FieldKind.Duration => new JsonObject { ["type"] = "string", ["pattern"] = Duration.Pattern },
        FieldKind.Size => new JsonObject { ["type"] = new JsonArray("string", "integer"), ["pattern"] = Quantity.Pattern, ["minimum"] = 0 },
        FieldKind.CountOrPercent => new JsonObject { ["type"] = new JsonArray("string", "integer"), ["pattern"] = CountOrPercent.Pattern, ["minimum"] = 0 },
        FieldKind.Scalar => new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") },
        _ => [],
    };

    private static JsonObject ObjectOf(FieldDescription field)
    {
        var properties = new JsonObject();
        foreach (var child in field.Children) properties[child.Name] = SchemaOf(child);
        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        var required = field.Children.Where(child => child.Required).Select(child => (JsonNode)JsonValue.Create(child.Name)).ToArray();
        if (required.Length > 0) schema["required"] = new JsonArray(required);
        return schema;
    }

    private static JsonObject MapOf(FieldDescription field)
    {
        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = SchemaOf(field.Element!) };
        if (field.Pattern is not null) schema["propertyNames"] = new JsonObject { ["pattern"] = field.Pattern };
        return Bounded(schema, "minProperties", field.MinValue, "maxProperties", field.MaxValue);
    }

    private static JsonObject ListOf(FieldDescription field)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = TypeOf(field.Element!) };
        if (field.Element!.Kind == FieldKind.Object) schema["items"] = SchemaOf(field.Element);
        if (field.IsSet) schema["uniqueItems"] = true;
        return Bounded(schema, "minItems", field.MinValue, "maxItems", field.MaxValue);
    }

    private static JsonObject TextOf(FieldDescription field)
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (field.Pattern is not null) schema["pattern"] = field.Pattern;
        return Bounded(schema, "minLength", field.MinValue, "maxLength", field.MaxValue);
    }

    private static JsonObject Bounded(JsonObject schema, string minName, long? min, string maxName, long? max)
    {
        if (min is not null) schema[minName] = min;
        if (max is not null) schema[maxName] = max;
        return schema;
    }

    private static JsonValue DefaultOf(FieldDescription field, string text) => field.Kind switch
    {
        FieldKind.Integer => JsonValue.Create(long.Parse(text)),
        FieldKind.Boolean => JsonValue.Create(text == "true"),
        _ => JsonValue.Create(text),
    };
}
