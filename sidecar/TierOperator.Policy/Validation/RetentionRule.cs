using TierOperator.Policy.Compiled;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>A retention entry selects something, and knows into what it folds.</summary>
internal sealed class RetentionRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        foreach (var (entry, path) in ValidationContext.Numbered(context.Spec.Retention, "spec.retention"))
        {
            if (entry is { After: null, MaxBytes: null, MaxCount: null } && !context.IsBroken(path))
                context.Report(PolicyCodes.RetentionWithoutMeasure, path, "the entry does not say what is too old or too much", "write at least one of `after`, `maxBytes` and `maxCount`");
            if (entry.Action == RetentionAction.Aggregate && entry.Into is null && !context.IsBroken(path + ".into"))
                context.Report(PolicyCodes.AggregateInto, path + ".action", "Aggregate does not say into what", "write `into: {by: [userId, day], count: true}`");
            if (entry.Into is not null && entry.Action is not (null or RetentionAction.Aggregate))
                context.ReportAtName(PolicyCodes.AggregateInto, path + ".into", $"{entry.Action} folds nothing", "take into out, or write `action: Aggregate`");
        }
    }
}
