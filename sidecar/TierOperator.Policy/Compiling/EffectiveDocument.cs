using System.Collections;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Compiling;

/// <summary>
/// The document with every default of the model filled in. A copy: what was written is never changed. Defaults that
/// depend on other fields are the compiler's.
/// </summary>
public static class EffectiveDocument
{
    /// <summary>Fills a document that has no faults.</summary>
    public static TierPolicyDocument Of(TierPolicyDocument document) => (TierPolicyDocument)FillObject(FieldTree.Root, document);

    private static object FillObject(FieldDescription field, object source)
    {
        var target = Activator.CreateInstance(field.ClrType)!;
        foreach (var child in field.Children)
            if (Fill(child, child.Property!.GetValue(source)) is { } value) child.Property.SetValue(target, value);
        return target;
    }

    private static object? Fill(FieldDescription field, object? value)
    {
        value ??= DefaultOf(field);
        return (field.Kind, value) switch
        {
            (_, null) => null,
            (FieldKind.Object, _) => FillObject(field, value),
            (FieldKind.List, IList list) when field.Element!.Kind == FieldKind.Object => FillList(field.Element, list),
            (FieldKind.Map, IDictionary map) when field.Element!.Kind == FieldKind.Object => FillMap(field.Element, map),
            _ => value,
        };
    }

    private static IList FillList(FieldDescription element, IList source)
    {
        var target = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element.ClrType))!;
        foreach (var item in source) target.Add(Fill(element, item));
        return target;
    }

    private static IDictionary FillMap(FieldDescription element, IDictionary source)
    {
        var target = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), element.ClrType))!;
        foreach (DictionaryEntry entry in source) target[entry.Key] = Fill(element, entry.Value);
        return target;
    }

    private static object? DefaultOf(FieldDescription field) => (field.Default, field.Kind) switch
    {
        (null, _) => null,
        (_, FieldKind.Object) => Activator.CreateInstance(field.ClrType),
        (var text, FieldKind.Integer) => field.ClrType == typeof(int) ? (object)int.Parse(text) : long.Parse(text),
        (var text, FieldKind.Boolean) => text == "true",
        (var text, FieldKind.Duration) => Duration.Parse(text),
        (var text, FieldKind.Size) => Quantity.Parse(text),
        (var text, FieldKind.CountOrPercent) => CountOrPercent.TryParse(text, out var value) ? value : null,
        (var text, FieldKind.Enumeration) => Enum.Parse(field.ClrType, text),
        (var text, _) => text,
    };
}
