using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Reading;

namespace TierOperator.Policy.Validation;

/// <summary>
/// Templates name what exists: <c>{1}</c> is what the first star of the session glob took, so every glob of the rule
/// needs that many; a preload's template may name JSON fields too.
/// </summary>
internal sealed class TemplateRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        foreach (var (rule, path) in context.Rules)
        {
            if (rule.Parent is { } parent) CheckTemplate(context, parent, rule, path + ".parent", takesFields: false);
            if (rule.Preload?.Related is { } related) CheckTemplate(context, related, rule, path + ".preload.related", takesFields: true);
        }
    }

    private static void CheckTemplate(ValidationContext context, string template, RuleDocument rule, string path, bool takesFields)
    {
        if (Parts(template) is not { } parts)
        {
            context.Report(PolicyCodes.BadTemplate, path, "the braces do not pair", "write {1} or {name}");
            return;
        }

        if (parts.Count == 0)
            context.Report(PolicyCodes.BadTemplate, path, "the template names nothing, so that it is one and the same session for all", "write {1} for what the first * of the session glob took");
        var globs = rule.Match?.Sessions ?? ["*"];
        var stars = globs.Count == 0 ? 0 : globs.Min(glob => glob.AsSpan().Count('*'));
        foreach (var part in parts)
        {
            var isNumber = part.Length > 0 && !part.AsSpan().ContainsAnyExceptInRange('0', '9');
            if (isNumber && (!int.TryParse(part, out var number) || number < 1 || number > stars))
                context.Report(PolicyCodes.BadTemplate, path, $"{{{FieldNames.Shown(part)}}} asks for a star that not every session glob of the rule has", stars == 0 ? "add a * to the globs" : $"write {{1}} to {{{stars}}}");
            else if (!isNumber && (!takesFields || part.Length == 0))
                context.Report(PolicyCodes.BadTemplate, path, $"{{{FieldNames.Shown(part)}}} is no part of the session's id", "write {1} for what the first * of the session glob took");
        }
    }

    /// <summary>What stands in braces; null where they do not pair.</summary>
    private static List<string>? Parts(string template)
    {
        var parts = new List<string>();
        for (var at = 0; at < template.Length; at++)
        {
            if (template[at] == '}') return null;
            if (template[at] != '{') continue;
            var end = template.IndexOfAny(['{', '}'], at + 1);
            if (end < 0 || template[end] == '{') return null;
            parts.Add(template[(at + 1)..end]);
            at = end;
        }

        return parts;
    }
}
