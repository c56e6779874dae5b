namespace TierOperator.Tiering.Eviction;

/// <summary>
/// A key's 32 bits in ghosts and shadow caches. Two keys share one now and then, which costs a wrong guess and never a
/// wrong value.
/// </summary>
internal static class KeyPrint
{
    /// <summary>Folds a hash once more: owners' hashes may be well mixed in some of their bits only.</summary>
    public static uint Of(ulong keyHash) => (uint)(((keyHash ^ (keyHash >> 32)) * 0x9E3779B97F4A7C15) >> 32);
}
