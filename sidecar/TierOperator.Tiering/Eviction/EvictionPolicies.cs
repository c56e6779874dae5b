using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Eviction;

/// <summary>Makes the eviction that a policy names.</summary>
public static class EvictionPolicies
{
    /// <summary>Makes an empty eviction policy.</summary>
    public static IEvictionPolicy Create(EvictionKind kind) => kind switch
    {
        EvictionKind.LRU => new LruPolicy(),
        EvictionKind.LFU => new LfuPolicy(),
        EvictionKind.Age => new AgePolicy(),
        _ => new S3FifoPolicy(),
    };

    /// <summary>A slot that is added twice would be in two places of one queue: a bug of the owner.</summary>
    internal static void ThrowIfHeld(bool isHeld, int slot)
    {
        if (isHeld) throw new InvalidOperationException($"Slot {slot} is held already: it is added once and removed once.");
    }
}
