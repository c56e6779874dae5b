using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Eviction;

/// <summary>
/// Adaptive changed the policy that it evicts by. The hit ratios (0 to 1) are those of both policies' shadow caches over
/// the last few thousand sampled requests.
/// </summary>
public readonly record struct EvictionSwitch(EvictionKind From, EvictionKind To, double FromHitRatio, double ToHitRatio);
