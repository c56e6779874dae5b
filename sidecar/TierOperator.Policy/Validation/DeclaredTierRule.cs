using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Validation;

/// <summary>A tier that is not declared does not exist: rules and routes can name only those that are.</summary>
internal sealed class DeclaredTierRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (!context.TiersAreKnown) return;
        foreach (var (rule, path) in context.Rules) CheckNames(context, rule.Tiers, path + ".tiers");
        foreach (var (route, path) in ValidationContext.Numbered(context.Spec.Routes, "spec.routes"))
            CheckNames(context, route.Cache?.Tiers, path + ".cache.tiers");
    }

    private static void CheckNames(ValidationContext context, IReadOnlyList<TierName>? names, string path)
    {
        foreach (var (name, namePath) in ValidationContext.Numbered(names, path))
        {
            if (context.Declared.HasFlag(RuleDefaults.FlagOf(name))) continue;
            var written = FieldTree.WireName(name);
            context.Report(PolicyCodes.UndeclaredTier, namePath, $"the tier {written} is not declared", $"declare it as `spec.tiers.{written}`, or take it out");
        }
    }
}
