using System.Collections;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Reading;

/// <summary>
/// Fills the document's records from the YAML tree, by the field descriptions: every fault of names, types, forms and
/// bounds is told, and what is good is read all the same, so that the rules over it can tell theirs too.
/// </summary>
internal sealed class DocumentReader(FaultCollector faults)
{
    private readonly ScalarReader _scalars = new(faults);

    /// <summary>Where each field stands.</summary>
    public SourceMap Places { get; } = new();

    /// <summary>Reads the whole document.</summary>
    public TierPolicyDocument? Read(SourceNode root)
    {
        if (root is not SourceMapping)
        {
            faults.Add(PolicyCodes.RootNotMapping, "", root.At, $"the document is {root.TypeName}, not a mapping", $"start with `apiVersion: {TierPolicyDocument.Version}` and `kind: TierPolicy`");
            return null;
        }

        Places.Add("", new SourcePosition(1, 1), new SourcePosition(1, 1));
        return (TierPolicyDocument?)ReadValue(FieldTree.Root, root, "");
    }

    private object? ReadValue(FieldDescription field, SourceNode node, string path)
    {
        if (field.Kind == FieldKind.Free) return FreeValue.Read(node);
        if (node is SourceScalar { Type: ScalarType.Null } scalar && !(field.Kind == FieldKind.Text && !scalar.IsPlain))
        {
            var empty = field.Kind is FieldKind.Object or FieldKind.Map;
            faults.Add(PolicyCodes.NoValue, path, node.At, $"`{field.Name}` is written without a value", empty ? "write `{}` to take every default, or take the line out" : "write a value, or take the line out");
            return null;
        }

        return (field.Kind, node) switch
        {
            (FieldKind.Object, SourceMapping mapping) => ReadObject(field, mapping, path),
            (FieldKind.Map, SourceMapping mapping) => ReadMap(field, mapping, path),
            (FieldKind.List, SourceSequence sequence) => ReadList(field, sequence, path),
            (FieldKind.Object or FieldKind.Map or FieldKind.List, _) => WrongType(field, node, path),
            (_, SourceScalar value) => _scalars.Read(field, value, path),
            _ => WrongType(field, node, path),
        };
    }

    private object? WrongType(FieldDescription field, SourceNode node, string path)
    {
        faults.Add(PolicyCodes.WrongType, path, node.At, $"`{FieldNames.Last(path)}` takes {FieldNames.TypeName(field)}, not {node.TypeName}", FieldNames.Example(field));
        return null;
    }

    private object ReadObject(FieldDescription field, SourceMapping mapping, string path)
    {
        var target = Activator.CreateInstance(field.ClrType)!;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Entries)
        {
            var childPath = FieldNames.Join(path, key.Value);
            if (field.Child(key.Value) is not { } child) Unknown(field, key, childPath);
            else if (!seen.Add(key.Value)) Duplicate(key, childPath);
            else
            {
                Places.Add(childPath, key.At, value.At);
                if (ReadValue(child, value, childPath) is { } read) child.Property!.SetValue(target, read);
            }
        }

        foreach (var child in field.Children)
            if (child.Required && !seen.Contains(child.Name))
                faults.Add(PolicyCodes.Missing, FieldNames.Join(path, child.Name), Places.NameAt(path) is var at && path.EndsWith(']') ? mapping.At : at, $"`{child.Name}` is missing", FieldNames.Example(child));
        return target;
    }

    private void Unknown(FieldDescription field, SourceScalar key, string path)
    {
        var nearest = NearestName.Find(key.Value, field.Children.Select(child => child.Name));
        var where = field.Path.Length == 0 ? "the document" : $"`{field.Path}`";
        faults.Add(PolicyCodes.UnknownField, path, key.At, $"`{FieldNames.Shown(key.Value)}` is no field of {where}",
            nearest is not null ? $"did you mean `{nearest}`?" : "it has " + FieldNames.Listed(FieldNames.Own(field)));
    }

    private void Duplicate(SourceScalar key, string path) =>
        faults.Add(PolicyCodes.DuplicateField, path, key.At, $"`{FieldNames.Shown(key.Value)}` is written twice", $"keep one of them; the first stands in line {Places.NameAt(path).Line}");

    private IDictionary ReadMap(FieldDescription field, SourceMapping mapping, string path)
    {
        var element = field.Element!;
        var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), element.ClrType))!;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Entries)
        {
            var childPath = FieldNames.Join(path, key.Value);
            if (!seen.Add(key.Value))
            {
                Duplicate(key, childPath);
                continue;
            }

            Places.Add(childPath, key.At, value.At);
            if (!field.IsInForm(key.Value))
                faults.Add(PolicyCodes.BadForm, childPath, key.At, $"`{FieldNames.Shown(key.Value)}` is no name for one of `{field.Name}`", $"write {field.PatternHint}");
            if (ReadValue(element, value, childPath) is { } read) map[key.Value] = read;
        }

        _scalars.CheckCount(field, map.Count, mapping.At, path);
        return map;
    }

    private IList ReadList(FieldDescription field, SourceSequence sequence, string path)
    {
        var element = field.Element!;
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element.ClrType))!;
        var seen = new HashSet<object>();
        for (var index = 0; index < sequence.Items.Count; index++)
        {
            var item = sequence.Items[index];
            var itemPath = $"{path}[{index}]";
            Places.Add(itemPath, item.At, item.At);
            if (ReadValue(element, item, itemPath) is not { } read) continue;
            if (field.IsSet && !seen.Add(read))
                faults.Add(PolicyCodes.DuplicateEntry, itemPath, item.At, $"`{field.Name}` holds this entry twice", "take one of them out");
            else list.Add(read);
        }

        _scalars.CheckCount(field, sequence.Items.Count, sequence.At, path);
        return list;
    }
}
