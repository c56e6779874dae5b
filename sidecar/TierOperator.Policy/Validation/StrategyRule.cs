using TierOperator.Policy.Compiling;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Reading;

namespace TierOperator.Policy.Validation;

/// <summary>Strategies that are named exist, and None stays what it is.</summary>
internal sealed class StrategyRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        var names = BuiltInStrategies.NamesFor(context.Spec).ToList();
        CheckName(context, names, context.Spec.Defaults?.SessionStrategy, "spec.defaults.sessionStrategy");
        CheckName(context, names, context.Spec.Defaults?.InteractionStrategy, "spec.defaults.interactionStrategy");
        foreach (var (rule, path) in context.Rules) CheckName(context, names, rule.Strategy, path + ".strategy");
        if (context.Spec.Strategies?.ContainsKey(BuiltInStrategies.None) == true)
            context.ReportAtName(PolicyCodes.ReservedStrategy, "spec.strategies.None", "None always means: nothing in Redis", "choose another name");
    }

    private static void CheckName(ValidationContext context, List<string> names, string? name, string path)
    {
        if (name is null || names.Contains(name) || context.IsBroken("spec.strategies")) return;
        var nearest = NearestName.Find(name, names);
        context.Report(PolicyCodes.UndeclaredStrategy, path, $"there is no strategy `{FieldNames.Shown(name)}`",
            nearest is not null ? $"did you mean {nearest}?" : "declare it under `spec.strategies`, or write one of " + FieldNames.Listed(names));
    }
}
