using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>A label condition has the values that its operator takes.</summary>
internal sealed class SelectorRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        foreach (var (expression, path) in ValidationContext.Numbered(context.Spec.Selector?.MatchExpressions, "spec.selector.matchExpressions"))
        {
            if (context.IsBroken(path) || expression.Operator is not { } comparison) continue;
            var needsValues = comparison is LabelOperator.In or LabelOperator.NotIn;
            var hasValues = expression.Values is { Count: > 0 };
            if (needsValues && !hasValues)
                context.Report(PolicyCodes.BadSelector, path + ".operator", $"{comparison} compares with nothing", "write `values: […]` with one or more");
            else if (!needsValues && hasValues)
                context.Report(PolicyCodes.BadSelector, path + ".values", $"{comparison} takes no values", "take values out, or write `operator: In`");
        }
    }
}
