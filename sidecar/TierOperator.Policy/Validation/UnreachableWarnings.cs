using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Rules and retention entries that nothing will ever reach.</summary>
internal sealed class UnreachableWarnings : IValidationRule
{
    public void Check(ValidationContext context)
    {
        var rules = context.Rules.ToList();
        var cover = new GlobCover();
        for (var later = 1; later < rules.Count; later++)
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (!TakesAllOf(cover, rules[earlier].Rule.Match, rules[later].Rule.Match)) continue;
                context.Report(PolicyCodes.NeverMatches, rules[later].Path + ".name", $"the rule never matches: {rules[earlier].Path} (`{rules[earlier].Rule.Name}`) takes all of it before", "put it above that one, or take it out");
                break;
            }

        var categories = rules.Select(entry => entry.Rule.DataCategory).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var (entry, path) in ValidationContext.Numbered(context.Spec.Retention, "spec.retention"))
            if (entry.DataCategory is { } category && !categories.Contains(category))
                context.Report(PolicyCodes.UnusedCategory, path + ".dataCategory", $"no rule carries the category `{category}`", $"write `dataCategory: {category}` into the rules whose sessions it is");
    }

    private static bool TakesAllOf(GlobCover cover, RuleMatchDocument? earlier, RuleMatchDocument? later) =>
        (earlier?.Where is null or { Count: 0 }) && cover.Covers(earlier?.Sessions, later?.Sessions) && cover.Covers(earlier?.Items, later?.Items);
}
