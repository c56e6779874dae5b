using System.Buffers;
using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Reading;

/// <summary>How messages speak of fields and of what was written.</summary>
internal static class FieldNames
{
    private static readonly SearchValues<char> s_pathCharacters = SearchValues.Create(".[]{} \"");

    /// <summary>A child's path. A key that would be read as a path itself stands in brackets.</summary>
    public static string Join(string path, string name) =>
        name.AsSpan().ContainsAny(s_pathCharacters) || name.Length == 0 ? $"{path}[\"{Shown(name)}\"]" : path.Length == 0 ? Shown(name) : $"{path}.{Shown(name)}";

    /// <summary>The last name of a path: of <c>spec.rules[2].tiers[0]</c>, <c>tiers</c>.</summary>
    public static string Last(string path)
    {
        var end = path.Length;
        while (end > 0 && path[end - 1] == ']' && path.LastIndexOf('[', end - 1) is >= 0 and var open) end = open;
        return end == 0 ? path : path[(path.LastIndexOf('.', end - 1) + 1)..end];
    }

    /// <summary>What the author wrote, short and without control characters, fit for one line of a terminal.</summary>
    public static string Shown(string text)
    {
        var shown = text.Length > 60 ? string.Concat(text.AsSpan(0, 57), "...") : text;
        if (!shown.Any(character => char.IsControl(character) || char.IsSurrogate(character))) return shown;
        return string.Concat(shown.Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '?' : character));
    }

    /// <summary>Names in a row, cut where there are too many to be read.</summary>
    public static string Listed(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count == 0 ? "no fields" : string.Join(", ", all.Take(20)) + (all.Count > 20 ? ", …" : "");
    }

    /// <summary>What a field takes.</summary>
    public static string TypeName(FieldDescription field) => field.Kind switch
    {
        FieldKind.Text => "a text",
        FieldKind.Integer => "a whole number",
        FieldKind.Boolean => "a boolean",
        FieldKind.Enumeration => "one of " + Listed(field.EnumValues),
        FieldKind.Duration => "a duration",
        FieldKind.Size => "a size",
        FieldKind.CountOrPercent => "a count or a percentage",
        FieldKind.List => "a list",
        FieldKind.Object or FieldKind.Map => "a mapping",
        _ => "a value",
    };

    /// <summary>What to write instead.</summary>
    public static string Example(FieldDescription field)
    {
        if (field.Path == "apiVersion") return $"write `apiVersion: {Documents.TierPolicyDocument.Version}`";
        if (field.Path == "kind") return $"write `kind: {Documents.TierPolicyDocument.KindName}`";
        return field.Kind switch
        {
            FieldKind.List when field.Element!.Kind is FieldKind.Object => $"write `{field.Name}:` and below it entries that start with `- `",
            FieldKind.List => $"write `{Key(field)}[…]`, a list in brackets",
            FieldKind.Object => $"write `{field.Name}:` and below it, indented, " + Listed(Own(field)),
            FieldKind.Map => $"write `{field.Name}:` and below it, indented, `name: value`",
            FieldKind.Enumeration => "write one of " + Listed(field.EnumValues),
            _ when field.Default is not null => $"write `{Key(field)}{field.Default}` or another",
            FieldKind.Duration => $"write `{Key(field)}1h` or another",
            FieldKind.Size => $"write `{Key(field)}1Gi` or another",
            FieldKind.Integer => $"write `{Key(field)}{field.Min ?? "1"}` or another",
            _ => $"write `{Key(field)}…`",
        };
    }

    /// <summary>The fields of an object that people write.</summary>
    public static IEnumerable<string> Own(FieldDescription field) =>
        field.Children.Where(child => !child.Description.StartsWith("Written by", StringComparison.Ordinal)).Select(child => child.Name);

    private static string Key(FieldDescription field) => field.Name == "[]" ? "" : field.Name + ": ";
}
