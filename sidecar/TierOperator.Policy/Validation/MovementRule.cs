using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Demotion needs somewhere to go and a reason, preloading somewhere to load into.</summary>
internal sealed class MovementRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        foreach (var (rule, path) in context.Rules)
        {
            var tiers = RuleDefaults.TiersOf(rule, context.Declared);
            if (rule.DemoteAfter is { } demote) CheckDemotion(context, demote, tiers, path + ".demoteAfter");
            if (rule.Preload is not null && context.TiersAreKnown && !tiers.HasFlag(TierSet.Memory))
                context.ReportAtName(PolicyCodes.PreloadWithoutMemory, path + ".preload", "the rule has no memory to load into", "add memory to the rule's tiers, or take preload out");
            CheckPriority(context, rule, path + ".sourcePriority");
        }
    }

    private static void CheckDemotion(ValidationContext context, DemoteAfterDocument demote, TierSet tiers, string path)
    {
        if (demote.Age is null && demote.Count is null && !context.IsBroken(path))
            context.ReportAtName(PolicyCodes.DemoteNowhere, path, "demoteAfter says neither age nor count", "write `age: 24h` or `count: 1000`, or take it out");
        if (context.TiersAreKnown && System.Numerics.BitOperations.PopCount((uint)tiers) < 2)
            context.ReportAtName(PolicyCodes.DemoteNowhere, path, "the rule has no lower tier to move to", "add a tier to the rule, or take demoteAfter out");
    }

    private static void CheckPriority(ValidationContext context, RuleDocument rule, string path)
    {
        if (rule.SourcePriority is not { } order) return;
        if (rule.OnConflict != ConflictStrategy.SourcePriority)
            context.ReportAtName(PolicyCodes.SourcePriorityUnused, path, "sourcePriority is read under `onConflict: SourcePriority` alone", "write that, or take sourcePriority out");
        if (order.Distinct().Count() != order.Count)
            context.Report(PolicyCodes.SourcePriorityUnused, path, "a tier is named twice", "name each tier once, the most trusted first");
    }
}
