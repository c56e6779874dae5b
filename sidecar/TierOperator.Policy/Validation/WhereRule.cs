using System.Globalization;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>A condition has the values that its operator takes.</summary>
internal sealed class WhereRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        foreach (var (rule, path) in context.Rules) CheckAll(context, rule.Match?.Where, path + ".match.where");
        foreach (var (entry, path) in ValidationContext.Numbered(context.Spec.Retention, "spec.retention"))
            CheckAll(context, entry.Where, path + ".where");
    }

    private static void CheckAll(ValidationContext context, IReadOnlyList<WhereDocument>? where, string path)
    {
        foreach (var (condition, at) in ValidationContext.Numbered(where, path))
        {
            if (context.IsBroken(at) || Fault(condition) is not { } fault) continue;
            var place = condition.Values is null ? at + ".operator" : at + ".values";
            context.Report(PolicyCodes.BadWhere, place, fault.Message, fault.Help);
        }
    }

    private static (string Message, string Help)? Fault(WhereDocument condition)
    {
        var values = condition.Values ?? [];
        return condition.Operator switch
        {
            WhereOperator.In or WhereOperator.NotIn when values.Count == 0 => ($"{condition.Operator} compares with nothing", "write `values: […]` with one or more"),
            WhereOperator.Exists or WhereOperator.DoesNotExist when values.Count > 0 => ($"{condition.Operator} takes no values", "take values out, or write `operator: In`"),
            WhereOperator.Gt or WhereOperator.Lt when values.Count != 1 => ($"{condition.Operator} takes exactly one value, not {values.Count}", "write `values: [10]`"),
            WhereOperator.Gt or WhereOperator.Lt when !decimal.TryParse(values[0].Text, CultureInfo.InvariantCulture, out _) => ($"{condition.Operator} compares numbers, and this is none", "write a number such as `values: [10]`"),
            _ => null,
        };
    }
}
