using System.Text.Json.Nodes;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Reference;

namespace TierOperator.Manager.Crds;

/// <summary>The structural schema of a field and all below it, from the model's descriptions.</summary>
internal static class CrdSchema
{
    public const string Rules = "x-kubernetes-validations";

    // At most eight stars, no two of them together, no control characters: the form that the validator asks of globs.
    private const string Run = @"[^*\x00-\x1f\x7f]+";
    private const string Glob = "^(" + Run + @"(\*" + Run + "){0,8}|" + Run + @"(\*" + Run + @"){0,7}\*|\*(" + Run + @"\*){0,7}(" + Run + ")?)$";
    private const string NumberedBraces = @"^[^{}]*(\{[1-9][0-9]*\}[^{}]*)+$";
    private const string NamedBraces = @"^[^{}]*(\{[^{}]+\}[^{}]*)+$";

    // What the model's attributes leave to the validator, and a pattern can say.
    private static readonly Dictionary<string, string> Patterns = new()
    {
        ["spec.rules[].match.sessions[]"] = Glob, ["spec.rules[].match.items[]"] = Glob,
        ["spec.rules[].preload.sessions[]"] = Glob, ["spec.strategies{}.items[]"] = Glob,
        ["spec.routes[].origin.destinations[]"] = "^https?://[^/?#@\\s]+(/[^?#\\s]*)?$",
        ["spec.rules[].parent"] = NumberedBraces, ["spec.rules[].preload.related"] = NamedBraces,
    };

    // Lists whose entries are known by their names: two of one name are refused by the server itself, for nothing; a rule
    // in CEL would compare each with each, which is past the API server's budget.
    private static readonly string[] Named = ["spec.rules", "spec.routes"];

    // A default that others are measured against: written into a document it would count as what the author meant.
    private static readonly string[] SilentDefaults = ["spec.sync.maxBacklog"];

    public static JsonObject Of(FieldDescription field)
    {
        var schema = new JsonObject { ["description"] = Description(field) };
        if (DefaultOf(field) is { } value) schema["default"] = value;
        foreach (var (name, part) in TypeOf(field).ToList()) schema[name] = part?.DeepClone();
        if (Patterns.TryGetValue(field.Path, out var pattern)) schema["pattern"] = pattern;
        AddRules(schema, field);
        return schema;
    }

    private static string Description(FieldDescription field)
    {
        var isShown = field.Default is not null && DefaultOf(field) is null;
        var text = JsonSchema.Describe(field);
        return isShown ? text.Replace(" (", $" Default: `{field.Default}`. (", StringComparison.Ordinal) : text;
    }

    private static void AddRules(JsonObject schema, FieldDescription field)
    {
        var added = SchemaRules.At(field.Path).ToList();
        if (added.Count == 0) return;
        var rules = schema[Rules] as JsonArray ?? [];
        foreach (var rule in ValueSchema.Rules(added)) rules.Add(rule!.DeepClone());
        schema[Rules] = rules;
    }

    private static JsonObject TypeOf(FieldDescription field) => field.Kind switch
    {
        FieldKind.Object => ObjectOf(field),
        FieldKind.Map => MapOf(field),
        FieldKind.List => ListOf(field),
        FieldKind.Text => ValueSchema.Text(field),
        FieldKind.Integer => ValueSchema.Integer(field),
        FieldKind.Boolean => new JsonObject { ["type"] = "boolean" },
        FieldKind.Enumeration => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. field.EnumValues.Select(value => JsonValue.Create(value))]) },
        FieldKind.Duration => ValueSchema.Duration(field),
        FieldKind.Size => ValueSchema.Size(field),
        FieldKind.CountOrPercent => ValueSchema.CountOrPercent(field),
        FieldKind.Scalar when field.Pattern is not null => ValueSchema.Quantities(field),
        // A text, a number or a boolean: a structural schema has no such type.
        FieldKind.Scalar => new JsonObject { ["x-kubernetes-preserve-unknown-fields"] = true },
        _ => new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
    };

    private static JsonObject ObjectOf(FieldDescription field)
    {
        var schema = new JsonObject { ["type"] = "object" };
        var required = field.Children.Where(child => child.Required).Select(child => (JsonNode)JsonValue.Create(child.Name)).ToArray();
        if (required.Length > 0) schema["required"] = new JsonArray(required);
        if (field.Children.Any(child => child.Path.EndsWith(".operator", StringComparison.Ordinal) && child.ClrType == typeof(Policy.Compiled.WhereOperator)))
            schema["anyOf"] = OperatorsAndValues();
        schema["properties"] = new JsonObject(field.Children.Select(child => KeyValuePair.Create(child.Name, (JsonNode?)Of(child))));
        return schema;
    }

    /// <summary>CEL cannot see values of any type, so the forms of a condition are told apart by the schema itself.</summary>
    private static JsonArray OperatorsAndValues() =>
    [
        Form(new JsonObject { ["maxItems"] = 0 }, false, "Exists", "DoesNotExist"),
        Form(new JsonObject { ["minItems"] = 1 }, true, "In", "NotIn"),
        Form(new JsonObject { ["minItems"] = 1, ["maxItems"] = 1 }, true, "Gt", "Lt"),
    ];

    private static JsonObject Form(JsonObject values, bool isRequired, params string[] operators)
    {
        var form = new JsonObject
        {
            ["properties"] = new JsonObject { ["operator"] = new JsonObject { ["enum"] = new JsonArray([.. operators.Select(name => JsonValue.Create(name))]) }, ["values"] = values },
        };
        if (isRequired) form["required"] = new JsonArray("values");
        return form;
    }

    private static JsonObject MapOf(FieldDescription field)
    {
        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(field.Element!), ["maxProperties"] = field.MaxValue };
        if (field.Pattern is not null)
            schema[Rules] = ValueSchema.Rules(new SchemaRule(field.Path, $"self.all(name, name.matches('{field.Pattern}'))", $"a name is {field.PatternHint}"));
        return schema;
    }

    private static JsonObject ListOf(FieldDescription field)
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (field.MinValue is { } min) schema["minItems"] = min;
        schema["maxItems"] = field.MaxValue ?? throw new InvalidOperationException($"{field.Path} has no greatest count");
        var isSet = (field.IsSet || field.Element!.Kind == FieldKind.Enumeration) && field.Element!.Kind is FieldKind.Text or FieldKind.Enumeration;
        schema["x-kubernetes-list-type"] = Named.Contains(field.Path) ? "map" : isSet ? "set" : "atomic";
        if (Named.Contains(field.Path)) schema["x-kubernetes-list-map-keys"] = new JsonArray("name");
        schema["items"] = Of(field.Element!);
        return schema;
    }

    private static JsonValue? DefaultOf(FieldDescription field)
    {
        if (field.Default is not { } text || SilentDefaults.Contains(field.Path)) return null;
        return field.Kind switch
        {
            FieldKind.Object or FieldKind.List or FieldKind.Map => null,
            FieldKind.Integer => JsonValue.Create(long.Parse(text)),
            FieldKind.Boolean => JsonValue.Create(text == "true"),
            _ => JsonValue.Create(text),
        };
    }
}
