using System.Text.Json.Nodes;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Manager.Crds;

/// <summary>The schema of single values. Every text has a greatest length: without one the API server holds every rule over it to be too dear.</summary>
internal static class ValueSchema
{
    private const int MostCharacters = Quantity.MostCharacters;

    // In milliseconds. Kubernetes' own duration() knows no days; `ms` becomes `z`, so that each unit is one letter.
    private const string Milliseconds =
        "self.replace('ms', 'z').findAll('[0-9]+[a-z]').map(part, int(part.substring(0, part.size() - 1)) * "
        + "(part.endsWith('z') ? 1 : part.endsWith('s') ? 1000 : part.endsWith('m') ? 60000 : part.endsWith('h') ? 3600000 : "
        + "part.endsWith('d') ? 86400000 : part.endsWith('w') ? 604800000 : 31536000000)).sum()";

    private const string Bytes = "quantity(string(self))";

    public static JsonObject Duration(FieldDescription field)
    {
        var most = field.MaxValue ?? Policy.Values.Duration.Longest.Milliseconds;
        var (least, greatest) = (field.Min ?? "0s", field.Max ?? Policy.Values.Duration.Longest.ToString());
        return new JsonObject
        {
            ["type"] = "string", ["maxLength"] = Policy.Values.Duration.MostCharacters, ["pattern"] = Policy.Values.Duration.Pattern,
            [CrdSchema.Rules] = Rules(new SchemaRule(field.Path, $"[{Milliseconds}].all(time, time >= {field.MinValue ?? 0} && time <= {most})", $"write {least} to {greatest}")),
        };
    }

    public static JsonObject Size(FieldDescription field)
    {
        var schema = IntOrString(Quantity.Pattern);
        var rules = Rules(new SchemaRule(field.Path, $"{Bytes}.isInteger() && {Bytes}.compareTo(quantity('0')) >= 0", "write a Kubernetes quantity of whole bytes, such as 256Mi"));
        if (field.Min is { } min) rules.Add(ToJson(new SchemaRule(field.Path, $"{Bytes}.compareTo(quantity('{min}')) >= 0", $"write at least {min}")));
        if (field.Max is { } max) rules.Add(ToJson(new SchemaRule(field.Path, $"{Bytes}.compareTo(quantity('{max}')) <= 0", $"write at most {max}")));
        schema[CrdSchema.Rules] = rules;
        return schema;
    }

    public static JsonObject CountOrPercent(FieldDescription field)
    {
        var schema = IntOrString(Policy.Values.CountOrPercent.Pattern);
        schema[CrdSchema.Rules] = Rules(new SchemaRule(
            field.Path, $"string(self).matches('{Policy.Values.CountOrPercent.Pattern}')", "write a whole number, or a percentage from \"0%\" to \"100%\""));
        return schema;
    }

    /// <summary>A quantity of any resource, fractions allowed.</summary>
    public static JsonObject Quantities(FieldDescription field) => IntOrString(field.Pattern!);

    public static JsonObject Text(FieldDescription field)
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (field.Pattern is not null) schema["pattern"] = field.Pattern;
        if (field.MinValue is { } min) schema["minLength"] = min;
        schema["maxLength"] = field.MaxValue ?? throw new InvalidOperationException($"{field.Path} has no greatest length");
        return schema;
    }

    public static JsonObject Integer(FieldDescription field)
    {
        var isShort = field.ClrType == typeof(int);
        var schema = new JsonObject { ["type"] = "integer", ["format"] = isShort ? "int32" : "int64", ["minimum"] = field.MinValue ?? 0 };
        // The greatest number of 64 bits is no bound that the API server can take: it reads bounds as floating point.
        if (field.MaxValue is { } max) schema["maximum"] = max;
        else if (isShort) schema["maximum"] = int.MaxValue;
        return schema;
    }

    public static JsonArray Rules(params IEnumerable<SchemaRule> rules) => [.. rules.Select(ToJson)];

    private static JsonObject ToJson(SchemaRule rule) => new() { ["rule"] = rule.Expression, ["message"] = rule.Message };

    private static JsonObject IntOrString(string pattern) => new()
    {
        ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }),
        ["maxLength"] = MostCharacters, ["pattern"] = pattern, ["x-kubernetes-int-or-string"] = true,
    };
}
