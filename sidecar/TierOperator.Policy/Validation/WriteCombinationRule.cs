using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Each rule's write, ack, mode and tiers go together, by the table.</summary>
internal sealed class WriteCombinationRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (!context.TiersAreKnown) return;
        foreach (var (rule, path) in context.Rules)
        {
            if (context.IsBroken(path + ".tiers") || context.IsBroken(path + ".write") || context.IsBroken(path + ".ack")) continue;
            var (write, mode) = (rule.Write ?? WriteMode.Through, RuleDefaults.ModeOf(context.Tiers));
            var tiers = RuleDefaults.TiersOf(rule, context.Declared);
            var ack = rule.Ack ?? RuleDefaults.AckOf(write, tiers, mode);
            if (WriteCombination.Check(new WritePlan(write, ack, tiers, mode)) is not { } fault) continue;
            context.Report(fault.Code, path + Place(rule, fault.Code), fault.Message, fault.Help);
        }
    }

    /// <summary>At the field that a person would change first.</summary>
    private static string Place(RuleDocument rule, string code) => code switch
    {
        PolicyCodes.OverflowAck or PolicyCodes.AroundMemoryAck or PolicyCodes.MemoryOnlyAck or PolicyCodes.BehindRemoteAck or PolicyCodes.AckWithoutTier when rule.Ack is not null => ".ack",
        PolicyCodes.MemoryOnlyTiers when rule.Tiers is not null => ".tiers",
        _ when rule.Write is not null => ".write",
        _ => "",
    };
}
