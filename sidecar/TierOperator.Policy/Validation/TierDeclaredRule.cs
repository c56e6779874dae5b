using TierOperator.Policy.Compiled;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>A policy without tiers stores nothing.</summary>
internal sealed class TierDeclaredRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (context.TiersAreKnown && context.Declared == TierSet.None)
            context.ReportAtName(PolicyCodes.NoTier, "spec.tiers", "no tier is declared", "write at least `memory: {}` below it");
    }
}
