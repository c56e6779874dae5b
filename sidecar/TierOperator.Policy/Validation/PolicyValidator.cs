using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Reading;

namespace TierOperator.Policy.Validation;

/// <summary>Checks a document by every rule; none ends the work of the others.</summary>
internal static class PolicyValidator
{
    private static readonly IValidationRule[] s_rules =
    [
        new IdentityRule(),
        new TierDeclaredRule(),
        new EvictionBoundsRule(),
        new BackendFormRule(),
        new VolumeFormRule(),
        new TopologyRule(),
        new RuleNameRule(),
        new DeclaredTierRule(),
        new StrategyRule(),
        new GlobRule(),
        new WhereRule(),
        new WriteCombinationRule(),
        new RuleTtlRule(),
        new TemplateRule(),
        new MovementRule(),
        new RouteRule(),
        new RetentionRule(),
        new PortRule(),
        new SelectorRule(),
        new SyncRule(),
        new DurabilityWarnings(),
        new LifetimeWarnings(),
        new UnreachableWarnings(),
    ];

    public static void Validate(TierPolicyDocument document, SourceMap places, FaultCollector faults)
    {
        var context = new ValidationContext(document, places, faults);
        foreach (var rule in s_rules) rule.Check(context);
    }
}
