using System.Collections;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Comparing;

/// <summary>
/// What a change of policy does. Both documents are compared with every default filled in, those of rules that depend
/// on tiers included, so that what a change does elsewhere is seen and what changes only the spelling is not.
/// </summary>
public static class PolicyDiff
{
    /// <summary>Compares two documents without faults, in the order of the model.</summary>
    public static IReadOnlyList<PolicyChange> Compare(TierPolicyDocument old, TierPolicyDocument @new)
    {
        var changes = new List<PolicyChange>();
        foreach (var name in (string[])["metadata", "spec"])
        {
            var field = FieldTree.Root.Child(name)!;
            CompareValues(field, name, field.Property!.GetValue(ResolvedDocument.Of(old)), field.Property.GetValue(ResolvedDocument.Of(@new)), changes);
        }

        return changes;
    }

    private static void CompareValues(FieldDescription field, string path, object? old, object? @new, List<PolicyChange> changes)
    {
        if (field.Path.StartsWith("metadata.", StringComparison.Ordinal) && field.Name is not ("name" or "namespace")) return;
        if (IsKeyed(field))
        {
            CompareEntries(field, path, old, @new, changes);
            return;
        }

        if (old is null || @new is null)
        {
            if (old is not null || @new is not null) Add(field, path, old, @new, changes);
            return;
        }

        switch (field.Kind)
        {
            case FieldKind.Object:
                foreach (var child in field.Children)
                    CompareValues(child, $"{path}.{child.Name}", child.Property!.GetValue(old), child.Property.GetValue(@new), changes);
                break;
            default:
                if (Text(field, old) != Text(field, @new)) Add(field, path, old, @new, changes);
                break;
        }
    }

    /// <summary>Maps, and lists whose entries have names: compared entry by entry, none being as good as empty.</summary>
    private static bool IsKeyed(FieldDescription field) =>
        field.Kind == FieldKind.Map || (field.Kind == FieldKind.List && field.Element!.Child("name") is not null);

    private static void CompareEntries(FieldDescription field, string path, object? old, object? @new, List<PolicyChange> changes)
    {
        var (oldEntries, newEntries) = (Entries(field, old), Entries(field, @new));
        foreach (var key in oldEntries.Concat(newEntries).Select(entry => entry.Key).Distinct(StringComparer.Ordinal))
            CompareValues(field.Element!, $"{path}[{key}]", Find(oldEntries, key), Find(newEntries, key), changes);
        if (field.Kind == FieldKind.List) CompareOrder(path, oldEntries, newEntries, changes);
    }

    private static void CompareOrder(string path, List<KeyValuePair<string, object>> old, List<KeyValuePair<string, object>> @new, List<PolicyChange> changes)
    {
        var (oldNames, newNames) = (old.Select(entry => entry.Key).ToList(), @new.Select(entry => entry.Key).ToList());
        var (oldOrder, newOrder) = (oldNames.Where(newNames.Contains).ToList(), newNames.Where(oldNames.Contains).ToList());
        if (!oldOrder.SequenceEqual(newOrder))
            changes.Add(new PolicyChange($"{path} (order)", string.Join(", ", oldOrder), string.Join(", ", newOrder), FieldEffect.Live));
    }

    private static object? Find(List<KeyValuePair<string, object>> entries, string key) => entries.Find(entry => entry.Key == key).Value;

    private static List<KeyValuePair<string, object>> Entries(FieldDescription field, object? value) => value switch
    {
        IDictionary map => [.. map.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(key => KeyValuePair.Create(key, map[key]!))],
        IList list => [.. list.Cast<object>().Select(item => KeyValuePair.Create((string)field.Element!.Child("name")!.Property!.GetValue(item)!, item))],
        _ => [],
    };

    private static void Add(FieldDescription field, string path, object? old, object? @new, List<PolicyChange> changes) =>
        changes.Add(new PolicyChange(path, old is null ? null : Text(field, old), @new is null ? null : Text(field, @new), EffectOf(field, old, @new)));

    private static string Text(FieldDescription field, object value) => CanonicalSnapshot.TextOfValue(field, value);

    private static FieldEffect EffectOf(FieldDescription field, object? old, object? @new)
    {
        if (field.Effect == FieldEffect.RestartBoundUpward && old is Quantity before && @new is Quantity after)
            return after > before ? FieldEffect.RestartBound : FieldEffect.Live;
        return field.SelfAndBelow().Any(below => below.Effect != FieldEffect.Live) ? FieldEffect.RestartBound : FieldEffect.Live;
    }
}
