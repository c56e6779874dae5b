using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>A ttl for a tier that the rule does not use would never count.</summary>
internal sealed class RuleTtlRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (!context.TiersAreKnown) return;
        foreach (var (rule, path) in context.Rules)
        {
            if (rule.Ttl is not { } ttl || context.IsBroken(path + ".tiers")) continue;
            var tiers = RuleDefaults.TiersOf(rule, context.Declared);
            (string Name, TierSet Tier, bool Given)[] given =
            [
                ("memory", TierSet.Memory, ttl.Memory is not null), ("spillover", TierSet.Spillover, ttl.Spillover is not null),
                ("redis", TierSet.Redis, ttl.Redis is not null), ("postgres", TierSet.Postgres, ttl.Postgres is not null),
            ];
            foreach (var (name, tier, isGiven) in given)
                if (isGiven && !tiers.HasFlag(tier))
                    context.ReportAtName(PolicyCodes.TtlWithoutTier, $"{path}.ttl.{name}", $"the rule does not use {name}", $"add {name} to the rule's tiers, or take this ttl out");
        }
    }
}
