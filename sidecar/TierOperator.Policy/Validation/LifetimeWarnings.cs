using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Lifetimes and sizes that are allowed and probably not meant.</summary>
internal sealed class LifetimeWarnings : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (!context.TiersAreKnown) return;
        WarnStrategies(context);
        WarnLocalTiers(context);
    }

    private static void WarnStrategies(ValidationContext context)
    {
        if (context.Effective.Tiers!.Redis?.Ttl is not { } tier) return;
        foreach (var (name, strategy) in context.Spec.Strategies ?? new Dictionary<string, StrategyDocument>())
            if (strategy.Ttl > tier)
                context.Report(PolicyCodes.StrategyOutlivesTier, $"spec.strategies.{name}.ttl", $"the redis tier keeps nothing longer than {tier}", $"write at most {tier}, or a longer `spec.tiers.redis.ttl`");
        foreach (var (rule, path) in context.Rules)
            if (rule.Strategy == BuiltInStrategies.None && rule.Tiers?.Contains(TierName.Redis) == true)
                context.Report(PolicyCodes.StrategyNoneWithRedis, path + ".strategy", "the rule names redis, and None puts nothing there", "take redis out of the rule's tiers, or choose another strategy");
    }

    private static void WarnLocalTiers(ValidationContext context)
    {
        if (context.Effective.Tiers is not { Memory: { } memory, Spillover: { Mode: SpilloverMode.Mirror } spillover }) return;
        var (memoryTtl, diskTtl) = (memory.Ttl!.Value, spillover.Ttl!.Value);
        if (memoryTtl > diskTtl)
            context.Report(PolicyCodes.DiskForgetsFirst, "spec.tiers.spillover.ttl", $"the disk forgets after {diskTtl}, memory after {memoryTtl}: a restart loses what only memory still holds", $"write at least {memoryTtl}");
        var (memorySize, diskSize) = (memory.Capacity!.Value, spillover.Capacity!.Value);
        if (memorySize > diskSize)
            context.Report(PolicyCodes.DiskSmallerThanMemory, "spec.tiers.spillover.capacity", $"the disk ({diskSize}) mirrors a memory of {memorySize} and cannot hold it", $"write at least {memorySize}");
    }
}
