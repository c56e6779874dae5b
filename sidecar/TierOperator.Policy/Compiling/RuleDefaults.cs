using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;

namespace TierOperator.Policy.Compiling;

/// <summary>The defaults of a rule that depend on other fields. The validator and the compiler share them.</summary>
internal static class RuleDefaults
{
    /// <summary>The tiers that the policy declares.</summary>
    public static TierSet Declared(TiersDocument? tiers) =>
        (tiers?.Memory is null ? 0 : TierSet.Memory) | (tiers?.Spillover is null ? 0 : TierSet.Spillover)
        | (tiers?.Redis is null ? 0 : TierSet.Redis) | (tiers?.Postgres is null ? 0 : TierSet.Postgres);

    /// <summary>How spillover stands; null where it is not declared.</summary>
    public static SpilloverMode? ModeOf(TiersDocument? tiers) =>
        tiers?.Spillover is null ? null : tiers.Spillover.Mode ?? SpilloverMode.Mirror;

    /// <summary>The flag of a tier's name.</summary>
    public static TierSet FlagOf(TierName name) => (TierSet)(1 << (int)name);

    /// <summary>The tiers of a rule: those it names, else all that are declared; for MemoryOnly, memory.</summary>
    public static TierSet TiersOf(RuleDocument rule, TierSet declared)
    {
        if (rule.Tiers is { Count: > 0 } named) return named.Aggregate(TierSet.None, (set, name) => set | FlagOf(name));
        return rule.Write == WriteMode.MemoryOnly ? declared & TierSet.Memory : declared;
    }

    /// <summary>
    /// What must hold a write before it is answered: disk where a write goes there at once, else memory; a rule that does
    /// not write to memory waits for the first tier that it writes to.
    /// </summary>
    public static AckLevel AckOf(WriteMode write, TierSet tiers, SpilloverMode? mode)
    {
        if (write == WriteMode.MemoryOnly) return AckLevel.Memory;
        if (tiers.HasFlag(TierSet.Spillover) && mode == SpilloverMode.Mirror) return AckLevel.Disk;
        if (tiers.HasFlag(TierSet.Memory) && write != WriteMode.Around) return AckLevel.Memory;
        if (write == WriteMode.Behind && mode == SpilloverMode.Mirror) return AckLevel.Disk;
        return tiers.HasFlag(TierSet.Redis) ? AckLevel.Redis : tiers.HasFlag(TierSet.Postgres) ? AckLevel.Postgres : AckLevel.Memory;
    }
}
