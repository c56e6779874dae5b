using System.Reflection;
using System.Text.RegularExpressions;

namespace TierOperator.Policy.Fields;

/// <summary>
/// One field of the document with all that is known of it, and the fields below: a tree that readers, generators of
/// documentation, JSON Schema and the CRD walk. Immutable.
/// </summary>
public sealed class FieldDescription
{
    public required string Name { get; init; }

    /// <summary>From the root, with <c>[]</c> for list elements and <c>{}</c> for map values: <c>spec.rules[].name</c>.</summary>
    public required string Path { get; init; }
    public required FieldKind Kind { get; init; }
    public required string Description { get; init; }

    /// <summary>The default as it would be written in YAML; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>A default that depends on other fields, in words; null for none.</summary>
    public string? DefaultNote { get; init; }
    public string? Min { get; init; }
    public string? Max { get; init; }

    /// <summary>The bounds as numbers: milliseconds, bytes, counts or characters.</summary>
    public long? MinValue { get; init; }

    /// <inheritdoc cref="MinValue"/>
    public long? MaxValue { get; init; }

    /// <summary>A regular expression for the whole value, in the subset that JSON Schema and Kubernetes share; null for none.</summary>
    public string? Pattern { get; init; }
    public string? PatternHint { get; init; }
    public IReadOnlyList<string> EnumValues { get; init; } = [];
    public FieldEffect Effect { get; init; }
    public bool Required { get; init; }
    public bool IsSet { get; init; }

    /// <summary>The named fields of an object, in the order of the model.</summary>
    public IReadOnlyList<FieldDescription> Children { get; init; } = [];

    /// <summary>The element of a list or the value of a map.</summary>
    public FieldDescription? Element { get; init; }

    /// <summary>The type of the value in the model, without Nullable.</summary>
    public required Type ClrType { get; init; }

    internal PropertyInfo? Property { get; init; }

    private Regex? _regex;

    /// <summary>
    /// True when a text has the pattern's form. The expression is made at first use: a start pays only for the fields
    /// that its policy writes. In .NET a dollar sign would let a line feed stand behind the value.
    /// </summary>
    public bool IsInForm(string text) => Pattern is null
        || (_regex ??= new Regex(Pattern.TrimEnd('$') + "\\z", RegexOptions.CultureInvariant)).IsMatch(text);

    /// <summary>The named field of an object; null if there is none.</summary>
    public FieldDescription? Child(string name)
    {
        foreach (var child in Children)
            if (child.Name == name) return child;
        return null;
    }

    /// <summary>This field and all below it, parents first.</summary>
    public IEnumerable<FieldDescription> SelfAndBelow()
    {
        yield return this;
        foreach (var child in Children)
            foreach (var below in child.SelfAndBelow()) yield return below;
        if (Element is null) yield break;
        foreach (var below in Element.SelfAndBelow()) yield return below;
    }

    public override string ToString() => Path;
}
