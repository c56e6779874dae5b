using TierOperator.Policy.Compiled;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>What makes a write of a rule: when it goes where, and what it waits for. Mode is null without spillover.</summary>
public sealed record WritePlan(WriteMode Write, AckLevel Ack, TierSet Tiers, SpilloverMode? Mode);

/// <summary>Why a combination is not allowed.</summary>
public sealed record CombinationFault(string Code, string Message, string Help);

/// <summary>
/// The table of allowed combinations of write, ack, spillover's mode and tiers. The first line that fits says why not;
/// where none fits, the combination is allowed. The validator and the documentation read the same lines.
/// </summary>
public static class WriteCombination
{
    private static readonly (Func<WritePlan, bool> Fits, Func<WritePlan, CombinationFault> Fault)[] s_refused =
    [
        (plan => plan.Write == WriteMode.MemoryOnly && (plan.Tiers & ~TierSet.Memory) != 0,
            _ => new(PolicyCodes.MemoryOnlyTiers, "MemoryOnly writes to no tier below memory, and the rule names some", "write `tiers: [memory]`, or another `write`")),
        (plan => plan.Write == WriteMode.MemoryOnly && !plan.Tiers.HasFlag(TierSet.Memory),
            _ => new(PolicyCodes.MemoryOnlyTiers, "MemoryOnly needs the memory tier", "declare `spec.tiers.memory`, or choose another `write`")),
        (plan => plan.Write == WriteMode.MemoryOnly && plan.Ack != AckLevel.Memory,
            plan => new(PolicyCodes.MemoryOnlyAck, $"under MemoryOnly nothing but memory holds a write, so it cannot wait for {plan.Ack}", "write `ack: Memory`, or another `write`")),
        (plan => plan.Write == WriteMode.Behind && plan.Mode is null,
            _ => new(PolicyCodes.BehindWithoutJournal, "Behind keeps what is pending in the journal, which the spillover tier holds", "declare `spec.tiers.spillover`, or write `write: Through`")),
        (plan => plan.Write == WriteMode.Around && (plan.Tiers & ~TierSet.Memory) == 0,
            _ => new(PolicyCodes.AroundWithoutTier, "Around skips memory, and the rule has no other tier", "name a tier below memory, or write `write: Through`")),
        (plan => plan.Write == WriteMode.Around && plan.Mode == SpilloverMode.Overflow && plan.Tiers.HasFlag(TierSet.Spillover),
            _ => new(PolicyCodes.AroundOverflow, "Around skips memory, and Overflow puts on disk only what memory evicts", "write `mode: Mirror`, take spillover out of the rule's tiers, or write `write: Through`")),
        (plan => plan.Mode == SpilloverMode.Overflow && plan.Tiers.HasFlag(TierSet.Spillover) && plan.Ack != AckLevel.Memory,
            plan => new(PolicyCodes.OverflowAck, $"under Overflow the disk holds only what memory evicted, so a write cannot wait for {plan.Ack}", "write `ack: Memory`, or `mode: Mirror`")),
        (plan => plan.Write == WriteMode.Around && plan.Ack == AckLevel.Memory,
            _ => new(PolicyCodes.AroundMemoryAck, "Around does not write to memory, so memory cannot acknowledge", "write an `ack` that names a tier below memory")),
        (plan => plan.Write == WriteMode.Behind && plan.Ack is AckLevel.Redis or AckLevel.Postgres or AckLevel.All,
            plan => new(PolicyCodes.BehindRemoteAck, $"Behind answers before Redis and PostgreSQL hold the write, so it cannot wait for {plan.Ack}", "write `write: Through`, which waits for no more than `ack` says, or `ack: Disk`")),
        (plan => plan.Ack == AckLevel.Memory && !plan.Tiers.HasFlag(TierSet.Memory),
            _ => new(PolicyCodes.AckWithoutTier, "the rule has no memory that could acknowledge", "write an `ack` that names one of the rule's tiers")),
        (plan => plan.Ack == AckLevel.Disk && !HoldsOnDisk(plan),
            _ => new(PolicyCodes.AckWithoutTier, "nothing of this rule is on disk when a write is answered", "add spillover, as Mirror, to the rule's tiers, or write another `ack`")),
        (plan => plan.Ack == AckLevel.Redis && !plan.Tiers.HasFlag(TierSet.Redis),
            _ => new(PolicyCodes.AckWithoutTier, "the rule has no Redis that could acknowledge", "add redis to the rule's tiers, or write another `ack`")),
        (plan => plan.Ack == AckLevel.Postgres && !plan.Tiers.HasFlag(TierSet.Postgres),
            _ => new(PolicyCodes.AckWithoutTier, "the rule has no PostgreSQL that could acknowledge", "add postgres to the rule's tiers, or write another `ack`")),
    ];

    /// <summary>Why the combination is not allowed; null where it is.</summary>
    public static CombinationFault? Check(WritePlan plan)
    {
        foreach (var (fits, fault) in s_refused)
            if (fits(plan)) return fault(plan);
        return null;
    }

    /// <summary>By the tier itself, or by the journal of what is under way to a tier further down.</summary>
    private static bool HoldsOnDisk(WritePlan plan) => plan.Mode == SpilloverMode.Mirror
        && (plan.Tiers.HasFlag(TierSet.Spillover) || (plan.Tiers & (TierSet.Redis | TierSet.Postgres)) != 0);
}
