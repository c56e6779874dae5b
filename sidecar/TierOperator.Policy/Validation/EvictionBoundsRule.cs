using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Eviction goes down: it must end below where it starts. What is not written counts with its default.</summary>
internal sealed class EvictionBoundsRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (context.Tiers.Memory is not { } memory || context.IsBroken("spec.tiers.memory")) return;
        var effective = context.Effective.Tiers!.Memory!;
        var (at, to) = (effective.EvictAtPercent!.Value, effective.EvictToPercent!.Value);
        if (to < at) return;
        var path = "spec.tiers.memory." + (memory.EvictToPercent is null ? "evictAtPercent" : "evictToPercent");
        context.Report(PolicyCodes.EvictionBounds, path, $"eviction would start at {at} % and end at {to} %", $"evictToPercent must be less than evictAtPercent: write `evictToPercent: {Math.Max(0, at - 10)}`");
    }
}
