using System.Reflection;
using System.Text.Json.Nodes;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Fields;

/// <summary>Builds the tree of field descriptions from the model's attributes, once.</summary>
public static class FieldTree
{
    /// <summary>The whole document.</summary>
    public static FieldDescription Root { get; } = Describe(
        "", "", typeof(TierPolicyDocument), new FieldAttribute("A TierPolicy: where the values of sessions live."), null, FieldEffect.Live);

    /// <summary>The description at a path of names (<c>spec.rules[].name</c>), or null.</summary>
    public static FieldDescription? Find(string path) => Root.SelfAndBelow().FirstOrDefault(field => field.Path == path);

    /// <summary>How an enumeration's value is written.</summary>
    public static string WireName(Type enumType, string member) =>
        enumType.IsDefined(typeof(LowerCaseNamesAttribute), false) ? member.ToLowerInvariant() : member;

    /// <summary>How an enumeration's value is written.</summary>
    public static string WireName<T>(T value) where T : struct, Enum => WireName(typeof(T), value.ToString());

    private static FieldDescription Describe(
        string name, string path, Type type, FieldAttribute field, PropertyInfo? property, FieldEffect inherited)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var kind = KindOf(type);
        var max = field.Max ?? GreatestOf(path, kind);
        var effect = field.RestartBound ? FieldEffect.RestartBound : field.RestartBoundUpward ? FieldEffect.RestartBoundUpward : inherited;
        return new FieldDescription
        {
            Name = name, Path = path, Kind = kind, ClrType = type, Property = property, Effect = effect,
            Description = field.Description, Default = field.Default, DefaultNote = field.DefaultNote,
            Min = field.Min, Max = max, MinValue = Bound(kind, field.Min), MaxValue = Bound(kind, max),
            Pattern = kind is FieldKind.List ? null : field.Pattern, PatternHint = field.PatternHint,
            Required = field.Required, IsSet = field.Set,
            EnumValues = type.IsEnum ? [.. Enum.GetNames(type).Select(member => WireName(type, member))] : [],
            Children = kind == FieldKind.Object ? DescribeProperties(path, type, effect) : [],
            Element = DescribeElement(path, kind, type, field, effect),
        };
    }

    private static List<FieldDescription> DescribeProperties(string path, Type type, FieldEffect effect)
    {
        var fields = new List<FieldDescription>();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<FieldAttribute>() is not { } field) continue;
            var name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
            fields.Add(Describe(name, path.Length == 0 ? name : $"{path}.{name}", property.PropertyType, field, property, effect));
        }

        return fields;
    }

    private static FieldDescription? DescribeElement(string path, FieldKind kind, Type type, FieldAttribute field, FieldEffect effect)
    {
        if (kind is not (FieldKind.List or FieldKind.Map)) return null;
        var element = new FieldAttribute(field.Description);
        if (kind == FieldKind.List) (element.Pattern, element.PatternHint) = (field.Pattern, field.PatternHint);
        var suffix = kind == FieldKind.List ? "[]" : "{}";
        return Describe(suffix, path + suffix, type.GetGenericArguments()[^1], element, null, effect);
    }

    /// <summary>
    /// What no field of the policy passes where it has no limit of its own: a schema without limits is refused by the API
    /// server, because it cannot tell what its rules would cost. Metadata has the API server's own limits.
    /// </summary>
    private static string? GreatestOf(string path, FieldKind kind) => !path.StartsWith("spec", StringComparison.Ordinal) ? null : kind switch
    {
        FieldKind.Text or FieldKind.Scalar => "1024",
        FieldKind.List or FieldKind.Map => "100",
        _ => null,
    };

    private static FieldKind KindOf(Type type) => type switch
    {
        _ when type == typeof(string) => FieldKind.Text,
        _ when type == typeof(int) || type == typeof(long) => FieldKind.Integer,
        _ when type == typeof(bool) => FieldKind.Boolean,
        _ when type == typeof(Duration) => FieldKind.Duration,
        _ when type == typeof(Quantity) => FieldKind.Size,
        _ when type == typeof(CountOrPercent) => FieldKind.CountOrPercent,
        _ when type == typeof(ScalarText) => FieldKind.Scalar,
        _ when type == typeof(JsonNode) => FieldKind.Free,
        _ when type.IsEnum => FieldKind.Enumeration,
        _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) => FieldKind.List,
        _ when type.IsGenericType => FieldKind.Map,
        _ => FieldKind.Object,
    };

    private static long? Bound(FieldKind kind, string? text) => (kind, text) switch
    {
        (_, null) => null,
        (FieldKind.Duration, _) => Duration.Parse(text).Milliseconds,
        (FieldKind.Size, _) => Quantity.Parse(text).Bytes,
        _ => long.Parse(text),
    };
}
