using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Eviction;

/// <summary>Makes the eviction that a policy names.</summary>
public static class EvictionPolicies
{
    /// <summary>
    /// Makes an empty eviction policy. <paramref name="onSwitch"/> hears of Adaptive's switches, inside the owner's own
    /// call of <see cref="IEvictionPolicy.TryEvict"/>; it must not call the policy.
    /// </summary>
    public static IEvictionPolicy Create(EvictionKind kind, Action<EvictionSwitch>? onSwitch = null) => kind switch
    {
        EvictionKind.LRU => new LruPolicy(),
        EvictionKind.LFU => new LfuPolicy(),
        EvictionKind.Age => new AgePolicy(),
        EvictionKind.S3FIFO => new S3FifoPolicy(),
        EvictionKind.Adaptive => new AdaptivePolicy(onSwitch),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not an eviction."),
    };

    /// <summary>A slot that is added twice would be in two places of one queue: a bug of the owner.</summary>
    internal static void ThrowIfHeld(bool isHeld, int slot)
    {
        if (isHeld) throw new InvalidOperationException($"Slot {slot} is held already: it is added once and removed once.");
    }
}
