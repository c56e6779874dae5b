using System.Text;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Reference;

/// <summary>The reference page of the policy language: every field, the table of combinations, every code. Markdown.</summary>
public static class ReferencePage
{
    /// <summary>The page, the same each time.</summary>
    public static string Write()
    {
        var text = new StringBuilder("""
            # TierPolicy: reference

            Generated from the model; do not edit. [policy.md](policy.md) explains. *Live* fields are taken over by a running
            sidecar; *RestartBound* ones are part of the pod and need a new one, *RestartBoundUpward* ones only where the value grows.


            """);
        WriteFields(text);
        text.Append("## Combinations of write, ack, mode and tiers\n\n");
        text.Append("The columns say what spillover is among a rule's tiers; a cell, what they must hold too, or by which code none would do.\n\n");
        text.Append(CombinationTable.Write()).Append('\n');
        WriteCodes(text);
        return text.ToString();
    }

    private static void WriteFields(StringBuilder text)
    {
        foreach (var section in FieldTree.Root.SelfAndBelow().Where(field => field.Kind == FieldKind.Object))
        {
            text.Append($"## {(section.Path.Length == 0 ? "The document" : $"`{section.Path}`")}\n\n{section.Description}\n\n");
            text.Append("| field | type | default | bounds | effect | |\n|---|---|---|---|---|---|\n");
            foreach (var field in section.Children)
                text.Append($"| `{field.Name}` | {Escape(TypeOf(field))} | {Escape(DefaultOf(field))} | {Escape(BoundsOf(field))} | {field.Effect} | {Escape(field.Description)} |\n");
            text.Append('\n');
        }
    }

    private static void WriteCodes(StringBuilder text)
    {
        text.Append("## Codes\n\nTP1xxx are warnings; a policy with any other is refused.\n\n| code | |\n|---|---|\n");
        foreach (var (code, title) in PolicyCodes.All) text.Append($"| {code} | {Escape(title)} |\n");
    }

    private static string TypeOf(FieldDescription field) => field.Kind switch
    {
        FieldKind.Enumeration => string.Join(" \\| ", field.EnumValues),
        FieldKind.List => (field.IsSet ? "set of " : "list of ") + TypeOf(field.Element!),
        FieldKind.Map => "map of " + TypeOf(field.Element!),
        FieldKind.CountOrPercent => "count or percentage",
        FieldKind.Scalar => "text, number or boolean",
        FieldKind.Free => "as written",
        var kind => kind.ToString().ToLowerInvariant(),
    };

    private static string DefaultOf(FieldDescription field) => field switch
    {
        { Required: true } => "**required**",
        { DefaultNote: { } note } => note,
        { Default: { } text } => $"`{text}`",
        _ => "",
    };

    private static string BoundsOf(FieldDescription field)
    {
        var unit = field.Kind switch { FieldKind.Text => " characters", FieldKind.List or FieldKind.Map => " entries", _ => "" };
        var bounds = (field.Min, field.Max) switch
        {
            (null, null) => "",
            (null, var max) => $"at most {max}{unit}",
            (var min, null) => $"at least {min}{unit}",
            var (min, max) => $"{min} to {max}{unit}",
        };
        var form = field.PatternHint ?? field.Element?.PatternHint;
        return form is null ? bounds : bounds.Length == 0 ? form : $"{bounds}; {form}";
    }

    private static string Escape(string text) => text.Replace("*", "\\*", StringComparison.Ordinal)
        .Replace("\\*\\*required\\*\\*", "**required**", StringComparison.Ordinal);
}
