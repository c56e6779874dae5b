using System.Globalization;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Reading;

/// <summary>Reads single values and checks their form and bounds.</summary>
internal sealed class ScalarReader(FaultCollector faults)
{
    /// <summary>The value in the model's type; null after a fault.</summary>
    public object? Read(FieldDescription field, SourceScalar node, string path)
    {
        if (node.IsPlain && ScalarTypes.IsOldBoolean(node.Value) && field.Kind is FieldKind.Text or FieldKind.Enumeration or FieldKind.Scalar)
            WarnOldBoolean(node, path);
        return field.Kind switch
        {
            FieldKind.Text => ReadText(field, node, path),
            FieldKind.Integer => ReadInteger(field, node, path),
            FieldKind.Boolean => ReadBoolean(field, node, path),
            FieldKind.Enumeration => ReadEnumeration(field, node, path),
            FieldKind.Duration => ReadDuration(field, node, path),
            FieldKind.Size => ReadSize(field, node, path),
            FieldKind.CountOrPercent => ReadCountOrPercent(field, node, path),
            _ => ReadScalar(field, node, path),
        };
    }

    /// <summary>Checks the number of entries of a list or map.</summary>
    public void CheckCount(FieldDescription field, int count, SourcePosition at, string path)
    {
        if (count < field.MinValue)
            faults.Add(PolicyCodes.OutOfBounds, path, at, $"`{field.Name}` has {count} entries", $"write at least {field.Min}, or take the field out");
        else if (count > field.MaxValue)
            faults.Add(PolicyCodes.OutOfBounds, path, at, $"`{field.Name}` has {count} entries", $"write at most {field.Max}");
    }

    private void WarnOldBoolean(SourceScalar node, string path)
    {
        // An enumeration that knows the word is the case that matters: the file works here and fails in the cluster.
        faults.Add(PolicyCodes.UnquotedWord, path, node.At, $"kubectl reads an unquoted {node.Value} as a boolean", $"write \"{node.Value}\"");
    }

    private string? ReadText(FieldDescription field, SourceScalar node, string path)
    {
        if (node.Type != ScalarType.Text)
        {
            faults.Add(PolicyCodes.WrongType, path, node.At, $"`{FieldNames.Last(path)}` takes a text, not {node.TypeName}", $"write \"{FieldNames.Shown(node.Value)}\" in quotes");
            return null;
        }

        return IsInForm(field, node, path) ? node.Value : null;
    }

    private bool IsInForm(FieldDescription field, SourceScalar node, string path)
    {
        var length = node.Value.Length;
        if (length < field.MinValue || length > field.MaxValue)
        {
            faults.Add(PolicyCodes.OutOfBounds, path, node.At, $"`{FieldNames.Last(path)}` has {length} characters", length == 0 ? "write a value, or take the field out" : $"write at most {field.Max}");
            return false;
        }

        if (field.IsInForm(node.Value)) return true;
        faults.Add(PolicyCodes.BadForm, path, node.At, $"'{FieldNames.Shown(node.Value)}' is not what `{FieldNames.Last(path)}` takes", $"write {field.PatternHint}");
        return false;
    }

    private object? ReadInteger(FieldDescription field, SourceScalar node, string path)
    {
        if (node.Type != ScalarType.Integer) return Wrong(field, node, path);
        if (!long.TryParse(node.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            if (node.Value.Contains('x', StringComparison.Ordinal)) return NotDecimal(node, path);
            value = node.Value[0] == '-' ? long.MinValue : long.MaxValue;
        }

        var most = field.ClrType == typeof(int) ? int.MaxValue : long.MaxValue;
        if (!IsWithin(field, value, most, node, path)) return null;
        return field.ClrType == typeof(int) ? (object)(int)value : value;
    }

    private object? NotDecimal(SourceScalar node, string path)
    {
        faults.Add(PolicyCodes.WrongType, path, node.At, $"`{FieldNames.Last(path)}` takes a whole number in decimal digits", "write it without 0x");
        return null;
    }

    private object? ReadBoolean(FieldDescription field, SourceScalar node, string path)
    {
        if (node.Type == ScalarType.Boolean) return node.Value[0] is 't' or 'T';
        faults.Add(PolicyCodes.WrongType, path, node.At, $"`{FieldNames.Last(path)}` takes a boolean, not {node.TypeName}", "write true or false, without quotes");
        return null;
    }

    private object? ReadEnumeration(FieldDescription field, SourceScalar node, string path)
    {
        for (var index = 0; index < field.EnumValues.Count; index++)
            if (field.EnumValues[index] == node.Value && (node.Type == ScalarType.Text || !node.IsPlain))
                return Enum.GetValues(field.ClrType).GetValue(index);
        var nearest = NearestName.Find(node.Value, field.EnumValues);
        faults.Add(PolicyCodes.UnknownValue, path, node.At, $"'{FieldNames.Shown(node.Value)}' is not a value of `{FieldNames.Last(path)}`",
            nearest is not null ? $"did you mean {nearest}?" : "write one of " + FieldNames.Listed(field.EnumValues));
        return null;
    }

    private Duration? ReadDuration(FieldDescription field, SourceScalar node, string path)
    {
        switch (node.Type == ScalarType.Text ? Duration.TryParse(node.Value, out var value) : Fail(out value))
        {
            case ParseOutcome.Ok:
                return IsWithin(field, value.Milliseconds, long.MaxValue, node, path) ? value : null;
            case ParseOutcome.Overflow:
                faults.Add(PolicyCodes.OutOfBounds, path, node.At, $"{FieldNames.Shown(node.Value)} is more than any duration can be", $"write at most {field.Max ?? "1000y"}");
                return null;
            default:
                faults.Add(PolicyCodes.BadDuration, path, node.At, $"'{FieldNames.Shown(node.Value)}' is not a duration", DurationHelp(field, node));
                return null;
        }
    }

    private static ParseOutcome Fail(out Duration value)
    {
        value = default;
        return ParseOutcome.Malformed;
    }

    private static string DurationHelp(FieldDescription field, SourceScalar node) => node.Value switch
    {
        "0" => "zero is 0s",
        { Length: > 0 and < 10 } digits when !digits.AsSpan().ContainsAnyExceptInRange('0', '9') => $"a number needs a unit: {digits}s, {digits}m or {digits}h",
        _ when node.Value.Contains('.', StringComparison.Ordinal) => "fractions are not taken: 1.5h is 1h30m",
        _ => $"write whole numbers with ms, s, m, h, d, w or y, such as {field.Default ?? "1h30m"}",
    };

    private Quantity? ReadSize(FieldDescription field, SourceScalar node, string path)
    {
        var outcome = ParseOutcome.Malformed;
        Quantity value = default;
        if (node.Type is ScalarType.Text or ScalarType.Integer) outcome = Quantity.TryParse(node.Value, out value);
        if (outcome == ParseOutcome.Ok) return IsWithin(field, value.Bytes, long.MaxValue, node, path) ? value : null;
        if (outcome == ParseOutcome.Overflow)
            faults.Add(PolicyCodes.OutOfBounds, path, node.At, $"{FieldNames.Shown(node.Value)} is more than any size can be", $"write at most {field.Max ?? "7Ei"}");
        else
            faults.Add(PolicyCodes.BadSize, path, node.At, $"'{FieldNames.Shown(node.Value)}' is not a size", SizeHelp(field, node));
        return null;
    }

    private static string SizeHelp(FieldDescription field, SourceScalar node)
    {
        var text = node.Value.Trim();
        if (node.Type == ScalarType.Number) return $"put it into quotes: \"{FieldNames.Shown(text)}\"";
        if (text.StartsWith('-')) return "a size is not negative";
        var fixedUp = text.Replace(" ", "", StringComparison.Ordinal).TrimEnd('B', 'b');
        if (fixedUp is [.., 'm' or 'g' or 't' or 'K']) fixedUp = fixedUp[..^1] + char.ToUpperInvariant(fixedUp[^1]) + "i";
        if (fixedUp.Length < 32 && fixedUp != node.Value && Quantity.TryParse(fixedUp, out _) == ParseOutcome.Ok) return $"did you mean {fixedUp}?";
        return $"write a Kubernetes quantity of whole bytes, such as {field.Default ?? "256Mi"}";
    }

    private CountOrPercent? ReadCountOrPercent(FieldDescription field, SourceScalar node, string path)
    {
        if (node.Type is ScalarType.Text or ScalarType.Integer && CountOrPercent.TryParse(node.Value, out var value)) return value;
        faults.Add(PolicyCodes.BadForm, path, node.At, $"'{FieldNames.Shown(node.Value)}' is neither a count nor a percentage", "write a whole number, or a percentage from \"0%\" to \"100%\"");
        return null;
    }

    private ScalarText? ReadScalar(FieldDescription field, SourceScalar node, string path) =>
        IsInForm(field, node, path) ? new ScalarText(node.Type == ScalarType.Boolean ? node.Value.ToLowerInvariant() : node.Value) : null;

    private bool IsWithin(FieldDescription field, long value, long most, SourceScalar node, string path)
    {
        if (value >= (field.MinValue ?? long.MinValue) && value <= Math.Min(most, field.MaxValue ?? long.MaxValue)) return true;
        var bounds = (field.Min, field.Max) switch
        {
            (null, null) => $"write at most {most}",
            (null, var max) => $"write at most {max}",
            (var min, null) => $"write at least {min}",
            var (min, max) => $"write {min} to {max}",
        };
        faults.Add(PolicyCodes.OutOfBounds, path, node.At, $"{FieldNames.Shown(node.Value)} is out of the bounds of `{FieldNames.Last(path)}`", bounds);
        return false;
    }

    private object? Wrong(FieldDescription field, SourceScalar node, string path)
    {
        faults.Add(PolicyCodes.WrongType, path, node.At, $"`{FieldNames.Last(path)}` takes {FieldNames.TypeName(field)}, not {node.TypeName}", FieldNames.Example(field));
        return null;
    }
}
